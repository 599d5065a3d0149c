// OpenVINO alone, timed: the same compiled model and memory as benchmark-inference, and nothing else in the loop.
//   benchmark-openvino BATCH THREADS SECONDS MODEL
#include <openvino/openvino.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int count, char **arguments) {
  if (count != 5) return 2;
  const size_t batch = std::strtoul(arguments[1], nullptr, 10);
  const double seconds = std::strtod(arguments[3], nullptr);
  ov::Core core;
  auto model = core.read_model(arguments[4]);
  auto shape = model->input().get_partial_shape();
  shape[0] = batch;
  model->reshape(shape);
  auto compiled = core.compile_model(model, "CPU",
                                     {{"INFERENCE_NUM_THREADS", arguments[2]},
                                      {"NUM_STREAMS", "1"},
                                      {"INFERENCE_PRECISION_HINT", "f32"},
                                      {"PERFORMANCE_HINT", "LATENCY"}});
  auto request = compiled.create_infer_request();
  ov::Tensor input(ov::element::f32, shape.to_shape()), output(ov::element::f32, compiled.output().get_shape());
  for (size_t index = 0; index < input.get_size(); index++) input.data<float>()[index] = float(index % 255) / 127 - 1;
  request.set_input_tensor(input);
  request.set_output_tensor(output);
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto begin = Clock::now();
  double elapsed = 0;
  while (elapsed < 1.2 * seconds || times.size() < 5) {
    const auto start = Clock::now();
    request.infer();
    const auto end = Clock::now();
    elapsed = std::chrono::duration<double>(end - begin).count();
    // The first sixth of the time warms up.
    if (elapsed > 0.2 * seconds) times.push_back(std::chrono::duration<double>(end - start).count());
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("{\"program\": \"OpenVINO %s\", \"images_per_second\": %.6g, \"median_seconds\": %.6g}\n",
              ov::get_openvino_version().buildNumber, double(batch) / median, median);
}
