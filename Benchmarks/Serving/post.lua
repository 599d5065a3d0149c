-- For wrk: posts the bodies of the file $BODIES to the path $TARGET, in turn, and prints what was seen as JSON.
local requests, at = {}, 0

local function number(text, place)
  local a, b, c, d = text:byte(place, place + 3)
  return a + 256 * b + 65536 * c + 16777216 * d
end

function init(arguments)
  local file = assert(io.open(os.getenv("BODIES"), "rb"))
  local text = file:read("*a")
  file:close()
  local place = 1
  while place < #text do
    local head, length = number(text, place), number(text, place + 4)
    local headers = {["Content-Type"] = "application/json"}
    -- 2^32 - 1 marks a body that is all JSON.
    if head ~= 4294967295 then
      headers = {["Content-Type"] = "application/octet-stream", ["Inference-Header-Content-Length"] = head}
    end
    requests[#requests + 1] =
      wrk.format("POST", os.getenv("TARGET"), headers, text:sub(place + 8, place + 7 + length))
    place = place + 8 + length
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, all)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "bad_status": %d, "lost": %d, "p50_ms": %.4f, "p99_ms": %.4f, "max_ms": %.4f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
