"""An ensemble and a cascade as a user of a Python backend writes them: a session of ONNX Runtime for each member, and NumPy.

The plan, from $PLAN as JSON: members (paths), thresholds (null for an ensemble), sessionThreads, memberThreads (how many members
run at a time), spins (whether a session's threads wait by spinning).
"""
import concurrent.futures
import json
import os

import numpy as np
import onnxruntime


def normalised(logits):
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


class Members:
    def __init__(self):
        plan = json.loads(os.environ["PLAN"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = plan["sessionThreads"]
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if plan["spins"] else "0")
        self.sessions = [onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
                         for path in plan["members"]]
        self.thresholds = plan["thresholds"]
        threads = plan["memberThreads"]
        self.pool = concurrent.futures.ThreadPoolExecutor(threads) if threads > 1 else None
        for batch in (1, 2, 4, 8, 16, 32, 64):
            self.probabilities(np.zeros((batch, 3, 32, 32), np.float32))

    @staticmethod
    def said(session, images):
        return normalised(session.run(None, {"images": images})[0])

    def probabilities(self, images):
        """`[N, classes]`: the members' geometric mean."""
        if self.thresholds is not None:
            return self.cascade(images)
        each = self.pool.map if self.pool else map
        total = sum(each(lambda session: self.said(session, images), self.sessions))
        return np.exp(normalised(total / len(self.sessions)))

    def cascade(self, images):
        total = self.said(self.sessions[0], images)
        result = np.exp(total)
        rows = np.arange(len(images))
        for stage, threshold in enumerate(self.thresholds, 1):
            rows = rows[result[rows].max(axis=1) < threshold]
            if len(rows) == 0:
                break
            total[rows] += self.said(self.sessions[stage], images[rows])
            result[rows] = np.exp(normalised(total[rows] / (stage + 1)))
        return result
