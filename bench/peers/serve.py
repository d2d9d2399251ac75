"""The loop that every PyTorch peer runs: a benchmark driver asks for one measurement at a time, so that runs of the
product and of its peers alternate and a slow minute of the machine hits all of them.

One JSON object a line. First line out: {"ready": true, "torch": ..., "threads": cores, "blas": ...}. Then for each request
on stdin {"case": ..., "dtype": ..., "threads": n, "runs": n, "variant": optional} one answer {"seconds": [...], "tokens": n,
"value": what the first run returned} or {"error": ...}; with "release": true what was prepared for it is dropped (without a
case: everything). Ends with stdin. With
`--alone [CASE …]` the peer measures every case by itself and prints a table as JSON instead.
"""

import gc
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable

# Setting this for another machine's sake halves OpenBLAS on one with AVX-512.
os.environ.pop("OPENBLAS_CORETYPE", None)

import torch  # noqa: E402

warnings.filterwarnings("ignore", message="Sparse ")

# prepare(case, dtype[, variant]) returns the function to time and the tokens that one call of it handles. What the function
# returns at its first call, a loss, is reported.
Prepare = Callable[..., tuple[Callable[[], float | None], int]]


def keyed(case: str, dtype: str, variant: str | None) -> tuple[str, ...]:
    return (case, dtype) if variant is None else (case, dtype, variant)


class Measured:
    """Prepares each (case, dtype, variant) once, keeps it, and times it on request."""

    def __init__(self, prepare: Prepare):
        self._prepare = prepare
        self._prepared: dict[tuple[str, ...], dict] = {}

    def measure(self, case: str, dtype: str, threads: int, runs: int, variant: str | None = None) -> dict:
        torch.set_num_threads(threads)
        key = keyed(case, dtype, variant)
        if key not in self._prepared:
            step, tokens = self._prepare(*key)
            self._prepared[key] = {"step": step, "tokens": tokens}
        prepared = self._prepared[key]
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            value = prepared["step"]()
            seconds.append(time.perf_counter() - start)
            prepared.setdefault("value", value)
        return {"seconds": seconds, "tokens": prepared["tokens"], "value": prepared.get("value")}

    def release(self, case: str | None = None, dtype: str = "", variant: str | None = None, **_) -> dict:
        if case is None:
            self._prepared.clear()
        else:
            self._prepared.pop(keyed(case, dtype, variant), None)
        gc.collect()
        return {"seconds": []}


def alone(measured: Measured, cases: list[str], dtypes: list[str], variants: list[str | None]) -> list[dict]:
    """Every case at every thread count, the median of 7 runs after a warm-up."""
    rows = []
    for case in cases:
        for dtype in dtypes:
            for variant in variants:
                for threads in range(1, (os.cpu_count() or 1) + 1):
                    row = {"case": case, "dtype": dtype, "variant": variant, "threads": threads}
                    try:
                        measured.measure(case, dtype, threads, 2, variant)
                        result = measured.measure(case, dtype, threads, 7, variant)
                        row["tokens_per_second"] = result["tokens"] / statistics.median(result["seconds"])
                    except Exception as error:
                        row["error"] = f"{type(error).__name__}: {error}"
                    rows.append(row)
                measured.release()
    return rows


def main(prepare: Prepare, cases: list[str], dtypes: list[str], variants=(None,), info: dict | None = None) -> None:
    measured = Measured(prepare)
    if "--alone" in sys.argv:
        cases = sys.argv[sys.argv.index("--alone") + 1 :] or cases
        print(json.dumps({"torch": torch.__version__, "results": alone(measured, cases, dtypes, variants)}, indent=1))
        return
    # Libraries print what they like; only answers may reach the driver.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    blas = "MKL" if torch.backends.mkl.is_available() else "other"
    ready = {"ready": True, "torch": torch.__version__, "threads": os.cpu_count(), "blas": blas, **(info or {})}
    print(json.dumps(ready), file=answers, flush=True)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = measured.release(**request) if request.pop("release", False) else measured.measure(**request)
        except Exception as error:  # The driver reports it; the peer lives on for the next case.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
