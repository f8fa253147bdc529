#!/usr/bin/env python3
"""CLIP's towers in PyTorch, as fast as PyTorch makes them, and what the card itself can do.

Needs PyTorch and a CUDA card, nothing else: no network, no checkpoint. The architectures stand in clip_towers.py,
the weights are random with the deviations that openai/CLIP initialises with. Attention is
scaled_dot_product_attention, batch first, parameters in the precision measured. Like model.py of openai/CLIP the last
block is computed for all tokens.

  peers.py                          everything, about 6 minutes
  peers.py --quick                  f16, batches to 256, at most 75 s
  peers.py --budget 200 --json F    stops after 200 s and says which rows are missing

Rows
  latency      a float image [1,3,R,R] or int32 tokens [1,T] in pinned host memory -> copied to the device, converted,
               forward, L2 norm, copied back, synchronised. Wall clock, p50 and p99.
  throughput   the same without the copies: inputs lie on the device. Items per second from the median of device events.
  similarity   top 10 of N f16 vectors of 512 for 1 and 256 queries: matrix product in chunks and topk.
  ceiling      an 8192^3 matrix product of random data, and a copy on the device (bytes read + bytes written).

Modes
  eager        as written
  graph        eager, captured as a CUDA graph; copies from and to the host outside of it
  graph-all    the same with both copies in the graph (latency only)
  compile      torch.compile, max-autotune (CUDA graphs included), each in a process of its own that is stopped when
               its time is over

text8 has a tensor of 8 tokens. model.py always fills up to 77; its time for such a text is that of text77.

Every mode's embeddings are compared with the same weights in f32 before they are timed.
"""
import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time

from ceilings import copy_ceiling, matmul_ceiling, similarity, unit_rows
from clip_towers import IMAGE_TOWERS, TEXT_TOWERS, TOLERANCE, Tower
from compiling import compiled, worker
from report import START, Report, first_line, header, missing, say, summary, watch
from timing import latency, throughput

# Compiled when nobody says otherwise: (tower, batch), the most important first.
COMPILE_TARGETS = [("ViT-B/32", 1), ("text77", 1), ("ViT-L/14", 256), ("ViT-B/32", 256), ("text8", 1)]


def environment(torch, arguments):
    facts = {"command": " ".join(sys.argv), "python": platform.python_version(), "torch": torch.__version__,
             "cuda": torch.version.cuda, "sdpa": arguments.sdpa, "compile": arguments.compile_mode}
    if torch.cuda.is_available():
        facts["device"] = torch.cuda.get_device_name()
        facts["capability"] = ".".join(map(str, torch.cuda.get_device_capability()))
        facts["cudnn"] = torch.backends.cudnn.version()
        facts["memory_gib"] = round(torch.cuda.get_device_properties(0).total_memory / 2 ** 30, 1)
        try:
            facts["driver"] = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
                                             capture_output=True, text=True, timeout=10).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            facts["driver"] = "unknown"
    return facts


def free(torch):
    import gc

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def towers(torch, report, arguments, names, precision, modes, batches, latencies):
    """Latency and throughput of some towers, eager and as graphs."""
    for name in names:
        try:
            tower = Tower(torch, name, precision, arguments.device)
        except Exception as e:
            report.add({"kind": "tower", "what": name, "precision": precision,
                        "failed": f"{type(e).__name__}: {first_line(e)}"})
            continue
        with torch.inference_mode():
            for mode in modes if latencies else []:
                report.measure({"kind": "latency", "what": name, "precision": precision, "batch": 1, "mode": mode},
                               lambda mode=mode: latency(tower, mode, 1, arguments.seconds), 2 * arguments.seconds)
                free(torch)
            for batch in batches:
                for mode in [m for m in modes if m != "graph-all"]:
                    report.measure({"kind": "throughput", "what": name, "precision": precision, "batch": batch,
                                    "mode": mode},
                                   lambda mode=mode, batch=batch: throughput(tower, mode, batch, arguments.seconds),
                                   2.5 * arguments.seconds)
                    free(torch)
        del tower
        free(torch)


def similarities(torch, report, arguments, modes):
    if report.left() < 6 * arguments.seconds:
        report.add({"kind": "similarity", "what": f"{arguments.rows}x512", "precision": "f16",
                    "skipped": "no time left"})
        return
    what = {"kind": "similarity", "what": short(arguments.rows) + "x512", "precision": "f16"}
    try:
        embeddings = unit_rows(torch, arguments.device, arguments.rows, 512)
        queries = unit_rows(torch, arguments.device, 256, 512)
    except Exception as e:
        report.add({**what, "failed": f"{type(e).__name__}: {first_line(e)}"})
        return
    with torch.inference_mode():
        for batch, chunks in ((1, [arguments.rows]), (256, [1 << 18, 1 << 20])):
            for chunk in chunks:
                for mode in modes:
                    report.measure({**what, "batch": batch, "mode": mode, "note": f"chunks of {short(chunk)}"},
                                   lambda batch=batch, chunk=chunk, mode=mode: similarity(
                                       torch, embeddings, queries[:batch], chunk, 10, mode == "graph",
                                       arguments.seconds), 3 * arguments.seconds)
                    free(torch)
    del embeddings
    free(torch)


def short(count):
    for unit, size in (("Mi", 1 << 20), ("M", 10 ** 6), ("Ki", 1 << 10), ("k", 1000)):
        if count >= size and count % size == 0:
            return f"{count // size}{unit}"
    return str(count)


def ceilings(torch, report, arguments):
    size = 8192 if torch.cuda.is_available() else 256
    for precision, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        if precision in arguments.precisions:
            report.measure({"kind": "ceiling", "what": "matmul", "precision": precision, "mode": f"{size}^3"},
                           lambda dtype=dtype: matmul_ceiling(torch, arguments.device, dtype, size, arguments.seconds))
            free(torch)
    size_bytes = (4 << 30) if torch.cuda.is_available() else 1 << 20
    report.measure({"kind": "ceiling", "what": "copy", "precision": "", "mode": short(size_bytes) + "B"},
                   lambda: copy_ceiling(torch, arguments.device, size_bytes, arguments.seconds))
    free(torch)


def sdpa_backend(torch, name):
    """Lets only one implementation of attention run; all of them by default."""
    if name != "default":
        for switch, own in (("enable_flash_sdp", "flash"), ("enable_mem_efficient_sdp", "efficient"),
                            ("enable_cudnn_sdp", "cudnn"), ("enable_math_sdp", "math")):
            getattr(torch.backends.cuda, switch)(own == name)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write all rows here, anew after each row")
    parser.add_argument("--quick", action="store_true", help="f16, batches to 256, 75 s at most")
    parser.add_argument("--budget", type=float, metavar="SECONDS",
                        help="rows that would begin later are left out; all ends 3 s later in any case")
    parser.add_argument("--precisions", metavar="LIST", help="of f16,bf16,f32; all but f32 when not given")
    parser.add_argument("--towers", metavar="LIST", help="of ViT-B/32,ViT-B/16,ViT-L/14,text77,text8")
    parser.add_argument("--batches", metavar="LIST", help="for throughput; 16,64,256,1024")
    parser.add_argument("--compile", metavar="LIST", help="TOWER:BATCH,... to compile; none for nothing")
    parser.add_argument("--compile-seconds", type=float, metavar="N", help="at most, for each; 120")
    parser.add_argument("--compile-mode", default="max-autotune", help="max-autotune")
    parser.add_argument("--cache", metavar="DIR", help="keep what the compiler found, for the next run")
    parser.add_argument("--sdpa", default="default", choices=["default", "flash", "cudnn", "efficient", "math"])
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the similarity search; 0 for none")
    parser.add_argument("--seconds", type=float, help="measured for each row; 1, quick 0.25")
    parser.add_argument("--device", default="cuda", help="cpu tests this script, and measures nothing of use")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    quick = arguments.quick
    arguments.budget = min(arguments.budget or 1e9, 70 if quick else 1e9)
    arguments.seconds = arguments.seconds or (0.25 if quick else 1.0)
    arguments.precisions = (arguments.precisions or ("f16" if quick else "f16,bf16")).split(",")
    arguments.towers = (arguments.towers or "ViT-B/32,text77,text8,ViT-L/14,ViT-B/16").split(",")
    arguments.batches = [int(b) for b in (arguments.batches or ("16,64,256" if quick else "16,64,256,1024")).split(",")]
    arguments.compile_seconds = arguments.compile_seconds or (35 if quick else 120)
    if arguments.compile == "none":
        arguments.compile = []
    elif arguments.compile:
        arguments.compile = [(t.rsplit(":", 1)[0], int(t.rsplit(":", 1)[1])) for t in arguments.compile.split(",")]
    else:
        arguments.compile = [t for t in COMPILE_TARGETS if t[0] in arguments.towers]
    for name in arguments.towers + [t[0] for t in arguments.compile]:
        if name not in IMAGE_TOWERS and name not in TEXT_TOWERS:
            parser.error(f"unknown tower {name}; there are {', '.join([*IMAGE_TOWERS, *TEXT_TOWERS])}")
    for name in arguments.precisions:
        if name not in TOLERANCE:
            parser.error(f"unknown precision {name}; there are {', '.join(TOLERANCE)}")
    return arguments


def main():
    arguments = parse()
    if arguments.cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(os.path.abspath(arguments.cache), "inductor")
        os.environ["TRITON_CACHE_DIR"] = os.path.join(os.path.abspath(arguments.cache), "triton")
    try:
        import torch
    except ImportError as e:
        sys.exit(f"PyTorch cannot be imported: {e}")
    if arguments.device.startswith("cuda"):
        if not torch.cuda.is_available():
            sys.exit(f"PyTorch {torch.__version__} finds no CUDA device")
        torch.cuda.set_device(arguments.device if ":" in arguments.device else 0)
    sdpa_backend(torch, arguments.sdpa)
    torch.backends.cudnn.benchmark = True
    torch.set_grad_enabled(False)
    if arguments.worker:
        worker(torch, arguments)
        return
    report = Report(arguments.json, environment(torch, arguments), START + arguments.budget)
    if arguments.budget < 1e9:
        watch(report)
    for name, value in report.environment.items():
        say(f"{name:<11}{value}")
    say("\n" + header())
    modes = ["eager", "graph", "graph-all"] if torch.cuda.is_available() else ["eager"]
    first = arguments.precisions[0]
    ceilings(torch, report, arguments)
    # What bars are about comes first, in the first precision; then the compiler; then the rest.
    mains = [t for t in arguments.towers if t != "ViT-B/16"]
    rest = [t for t in arguments.towers if t == "ViT-B/16"]
    large = [b for b in arguments.batches if b == 256] or arguments.batches[-1:]
    others = [b for b in arguments.batches if b not in large]
    towers(torch, report, arguments, mains, first, modes, large, True)
    if arguments.rows:
        similarities(torch, report, arguments, modes[:2])
    with tempfile.TemporaryFile("w+") as log:
        # In a quick run the others' rows are few seconds, which they get before the compiler takes what is left.
        if arguments.quick:
            towers(torch, report, arguments, mains, first, modes, others, False)
            towers(torch, report, arguments, rest, first, modes, arguments.batches, True)
        for name, batch in arguments.compile:
            compiled(report, arguments, name, batch, first, arguments.compile_seconds, log)
        log.seek(0)
        complaints = [text.rstrip() for text in log if "Error" in text or "error:" in text]
        for text in complaints[:8]:
            say("compiler: " + text[:200])
    if not arguments.quick:
        towers(torch, report, arguments, mains, first, modes, others, False)
        towers(torch, report, arguments, rest, first, modes, arguments.batches, True)
    for precision in arguments.precisions[1:]:
        towers(torch, report, arguments, arguments.towers, precision, modes, arguments.batches, True)
    report.write()
    summary(report)
    absent = sum(1 for row in report.rows if missing(row))
    say(f"\n{time.monotonic() - START:.0f} s, {absent} of {len(report.rows)} rows missing")


if __name__ == "__main__":
    main()
