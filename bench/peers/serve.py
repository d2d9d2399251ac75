"""The loop that every PyTorch peer runs: a benchmark driver asks for one measurement at a time, so that runs of the
product and of its peers alternate and a slow minute of the machine hits all of them.

One JSON object a line. First line out: {"ready": true, "torch": ..., "threads": cores, "blas": ...}. Then for each
request on stdin {"case": ..., "dtype": ..., "threads": n, "runs": n} one answer {"seconds": [...], "tokens": n} or
{"error": ...}. Ends with stdin. With the argument --alone the peer measures every case by itself and prints a table as
JSON instead.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

# Setting this for another machine's sake halves OpenBLAS on one with AVX-512.
os.environ.pop("OPENBLAS_CORETYPE", None)

import torch  # noqa: E402

# prepare(case, dtype) returns the function to time and the tokens that one call of it handles.
Prepare = Callable[[str, str], tuple[Callable[[], None], int]]


class Measured:
    """Prepares each (case, dtype) once, keeps it, and times it on request."""

    def __init__(self, prepare: Prepare):
        self._prepare = prepare
        self._prepared: dict[tuple[str, str], tuple[Callable[[], None], int]] = {}

    def measure(self, case: str, dtype: str, threads: int, runs: int) -> dict:
        torch.set_num_threads(threads)
        if (case, dtype) not in self._prepared:
            self._prepared[case, dtype] = self._prepare(case, dtype)
        step, tokens = self._prepared[case, dtype]
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds, "tokens": tokens}


def alone(measured: Measured, cases: list[str], dtypes: list[str], runs: int = 7) -> list[dict]:
    """Every case at every thread count, the median of `runs` after a warm-up."""
    rows = []
    for case in cases:
        for dtype in dtypes:
            for threads in range(1, (os.cpu_count() or 1) + 1):
                measured.measure(case, dtype, threads, 2)
                result = measured.measure(case, dtype, threads, runs)
                rate = result["tokens"] / statistics.median(result["seconds"])
                rows.append({"case": case, "dtype": dtype, "threads": threads, "tokens_per_second": rate})
    return rows


def main(prepare: Prepare, cases: list[str], dtypes: list[str]) -> None:
    measured = Measured(prepare)
    if "--alone" in sys.argv:
        print(json.dumps({"torch": torch.__version__, "results": alone(measured, cases, dtypes)}, indent=1))
        return
    blas = "MKL" if torch.backends.mkl.is_available() else "other"
    ready = {"ready": True, "torch": torch.__version__, "threads": os.cpu_count(), "blas": blas}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = measured.measure(request["case"], request["dtype"], request["threads"], request["runs"])
        except Exception as error:  # The driver reports it; the peer lives on for the next case.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
