"""A runtime for MLServer. Images come as float32 in base64, the fastest form that it takes over HTTP."""
import asyncio
import base64
import concurrent.futures
import json
import os

import numpy as np
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput

from numpy_members import Members


class Runtime(MLModel):
    async def load(self):
        self.members = Members()
        threads = json.loads(os.environ["PLAN"])["executorThreads"]
        self.executor = concurrent.futures.ThreadPoolExecutor(threads) if threads else None
        return True

    def compute(self, data):
        images = np.frombuffer(b"".join(base64.b64decode(image) for image in data), np.float32)
        return self.members.probabilities(images.reshape(-1, 3, 32, 32))

    async def predict(self, request):
        data = request.inputs[0].data.root
        if self.executor:
            said = await asyncio.get_running_loop().run_in_executor(self.executor, self.compute, data)
        else:
            said = self.compute(data)
        return InferenceResponse(model_name=self.name, id=request.id, outputs=[
            ResponseOutput(name="probabilities", shape=list(said.shape), datatype="FP32", data=said.ravel().tolist())])
