#!/usr/bin/env python3
"""CLIP's towers in PyTorch, as fast as PyTorch makes them, and what the card itself can do.

Needs PyTorch and a CUDA card, nothing else: no network, no checkpoint. The architectures stand in a table below, the
weights are random with the deviations that openai/CLIP initialises with. Attention is scaled_dot_product_attention,
batch first, parameters in the precision measured. Like model.py of openai/CLIP the last block is computed for all
tokens.

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
import json
import math
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time

START = time.monotonic()

# name: (resolution, patch, width, layers, heads, embedding), openai/CLIP clip/model.py build_model
IMAGE_TOWERS = {
    "ViT-B/32": (224, 32, 768, 12, 12, 512),
    "ViT-B/16": (224, 16, 768, 12, 12, 512),
    "ViT-L/14": (224, 14, 1024, 24, 16, 768),
    "tiny": (32, 16, 64, 2, 2, 32),
}
# name: (context, vocabulary, width, layers, heads, embedding, tokens); "text77" and "text8" are ViT-B/32's text tower
TEXT_TOWERS = {
    "text77": (77, 49408, 512, 12, 8, 512, 77),
    "text8": (77, 49408, 512, 12, 8, 512, 8),
    "tinytext": (16, 100, 64, 2, 2, 32, 8),
}
# Compiled when nobody says otherwise: (tower, batch), the most important first.
COMPILE_TARGETS = [("ViT-B/32", 1), ("text77", 1), ("ViT-L/14", 256), ("ViT-B/32", 256), ("text8", 1)]
# Of the embedding of one row, relative to the norm: about 25 times the type's rounding (tf32's for f32), which is what
# 24 layers add up to; a wrong row is off by about 1.4.
TOLERANCE = {"f32": 25 * 2 ** -11, "f16": 25 * 2 ** -11, "bf16": 25 * 2 ** -8}


def say(text):
    print(text, flush=True)


# --------------------------------------------------------------------------------------------------------------------
# The model


def build_modules(torch):
    """Defines the modules; a function, so that --help works without PyTorch."""
    import torch.nn.functional as F
    from torch import nn

    class QuickGelu(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)  # 1.702: QuickGELU, openai/CLIP clip/model.py

    class Attention(nn.Module):
        def __init__(self, width, heads, causal):
            super().__init__()
            self.heads = heads
            self.causal = causal
            self.in_proj = nn.Linear(width, 3 * width)
            self.out_proj = nn.Linear(width, width)

        def forward(self, x):  # [B,T,D]
            b, t, d = x.shape
            q, k, v = self.in_proj(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)  # [B,H,T,D/H]
            return self.out_proj(y.transpose(1, 2).reshape(b, t, d))

    class Block(nn.Module):
        def __init__(self, width, heads, causal):
            super().__init__()
            self.ln_1 = nn.LayerNorm(width)
            self.attn = Attention(width, heads, causal)
            self.ln_2 = nn.LayerNorm(width)
            self.c_fc = nn.Linear(width, 4 * width)
            self.gelu = QuickGelu()
            self.c_proj = nn.Linear(4 * width, width)

        def forward(self, x):  # [B,T,D]
            x = x + self.attn(self.ln_1(x))
            return x + self.c_proj(self.gelu(self.c_fc(self.ln_2(x))))

        def initialise(self, width, layers):
            nn.init.normal_(self.attn.in_proj.weight, std=width ** -0.5)
            nn.init.normal_(self.attn.out_proj.weight, std=width ** -0.5 * (2 * layers) ** -0.5)
            nn.init.normal_(self.c_fc.weight, std=(2 * width) ** -0.5)
            nn.init.normal_(self.c_proj.weight, std=width ** -0.5 * (2 * layers) ** -0.5)
            for linear in (self.attn.in_proj, self.attn.out_proj, self.c_fc, self.c_proj):
                nn.init.normal_(linear.bias, std=0.01)

    class VisionTransformer(nn.Module):
        def __init__(self, resolution, patch, width, layers, heads, embedding):
            super().__init__()
            scale = width ** -0.5
            self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
            self.class_embedding = nn.Parameter(scale * torch.randn(width))
            self.positional_embedding = nn.Parameter(scale * torch.randn((resolution // patch) ** 2 + 1, width))
            self.ln_pre = nn.LayerNorm(width)
            self.resblocks = nn.ModuleList([Block(width, heads, False) for _ in range(layers)])
            self.ln_post = nn.LayerNorm(width)
            self.proj = nn.Parameter(scale * torch.randn(width, embedding))
            for block in self.resblocks:
                block.initialise(width, layers)

        def forward(self, pixels):  # [B,3,R,R] f32 -> [B,E] f32, norm 1
            x = self.conv1(pixels.to(self.proj.dtype)).flatten(2).transpose(1, 2)  # [B,T-1,D]
            x = torch.cat([self.class_embedding.expand(x.shape[0], 1, -1), x], 1)  # [B,T,D]
            x = self.ln_pre(x + self.positional_embedding)
            for block in self.resblocks:
                x = block(x)
            x = self.ln_post(x[:, 0]) @ self.proj  # [B,E]
            return F.normalize(x.float(), dim=-1)

    class TextTransformer(nn.Module):
        def __init__(self, context, vocabulary, width, layers, heads, embedding):
            super().__init__()
            self.token_embedding = nn.Embedding(vocabulary, width)
            self.positional_embedding = nn.Parameter(0.01 * torch.randn(context, width))
            self.resblocks = nn.ModuleList([Block(width, heads, True) for _ in range(layers)])
            self.ln_final = nn.LayerNorm(width)
            self.text_projection = nn.Parameter(width ** -0.5 * torch.randn(width, embedding))
            nn.init.normal_(self.token_embedding.weight, std=0.02)
            for block in self.resblocks:
                block.initialise(width, layers)

        def forward(self, tokens):  # [B,T] int32 -> [B,E] f32, norm 1
            x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]  # [B,T,D]
            for block in self.resblocks:
                x = block(x)
            rows = torch.arange(x.shape[0], device=x.device)
            x = self.ln_final(x[rows, tokens.argmax(-1)]) @ self.text_projection  # [B,E]
            return F.normalize(x.float(), dim=-1)

    return VisionTransformer, TextTransformer


class Tower:
    """One tower in one precision on the device, with its inputs."""

    def __init__(self, torch, name, precision, device):
        self.torch = torch
        self.name = name
        self.precision = precision
        self.device = device
        self.text = name in TEXT_TOWERS
        self.dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[precision]
        vision, text = build_modules(torch)
        torch.manual_seed(1)
        with torch.device(device):
            self.model = text(*TEXT_TOWERS[name][:-1]) if self.text else vision(*IMAGE_TOWERS[name])
        self.model.eval().requires_grad_(False)
        self.probe = self.input(2).to(device)
        # The rounded weights in f32; only the patches' convolution may use tf32, which is as fine as f16.
        self.model.to(self.dtype).to(torch.float32)
        with torch.no_grad():
            self.expected = self.model(self.probe)
        self.model.to(self.dtype)

    @property
    def embedding(self):
        return TEXT_TOWERS[self.name][5] if self.text else IMAGE_TOWERS[self.name][5]

    def input(self, batch):
        """On the host: f32 [B,3,R,R], or int32 [B,T] with the largest token last."""
        torch = self.torch
        generator = torch.Generator().manual_seed(batch)
        if self.text:
            vocabulary, tokens = TEXT_TOWERS[self.name][1], TEXT_TOWERS[self.name][6]
            ids = torch.randint(1, vocabulary - 2, (batch, tokens), generator=generator, dtype=torch.int32)
            ids[:, 0] = vocabulary - 2
            ids[:, -1] = vocabulary - 1
            return ids
        resolution = IMAGE_TOWERS[self.name][0]
        return torch.randn(batch, 3, resolution, resolution, generator=generator)

    def device_input(self, batch):
        """Drawn on the host for few items only, as that takes long for many."""
        torch = self.torch
        if self.text or batch <= 2:
            return self.input(batch).to(self.device)
        generator = torch.Generator(self.device).manual_seed(batch)
        resolution = IMAGE_TOWERS[self.name][0]
        return torch.randn(batch, 3, resolution, resolution, generator=generator, device=self.device)

    def error(self, embeddings):
        """The largest row's, relative to the norm, which is 1; embeddings of probe, or of its first item."""
        worst = (embeddings.float() - self.expected[:embeddings.shape[0]]).norm(dim=-1).max().item()
        if not worst <= TOLERANCE[self.precision]:
            raise RuntimeError(f"wrong answer: relative error={worst:.2e} limit={TOLERANCE[self.precision]:.0e}")
        return worst

    def flops(self):
        """Of matrix products, for one item, the whole last block included."""
        if self.text:
            _, _, width, layers, _, embedding, tokens = TEXT_TOWERS[self.name]
            patches = 0
        else:
            resolution, patch, width, layers, _, embedding = IMAGE_TOWERS[self.name]
            grid = (resolution // patch) ** 2
            tokens = grid + 1
            patches = 2 * grid * 3 * patch * patch * width
        return patches + layers * (24 * tokens * width * width + 4 * tokens * tokens * width) + 2 * width * embedding


# --------------------------------------------------------------------------------------------------------------------
# Timing


def percentile(times, share):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def wall_times(call, seconds, most=2000):
    """Seconds of each call; call returns when all is done."""
    for _ in range(10):
        call()
    until = time.perf_counter() + 0.2 * seconds
    while time.perf_counter() < until:
        call()
    times = []
    until = time.perf_counter() + seconds
    while (time.perf_counter() < until or len(times) < 20) and len(times) < most:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def device_times(torch, call, seconds, most=2000):
    """Seconds of each call by device events; calls are queued one behind the other."""
    if not torch.cuda.is_available():
        return wall_times(call, seconds, most)
    for _ in range(2):
        call()
    torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    torch.cuda.synchronize()
    once = time.perf_counter() - start
    count = int(min(most, max(5, seconds / max(once, 1e-6))))
    for _ in range(max(1, count // 5)):
        call()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
    events[0].record()
    for event in events[1:]:
        call()
        event.record()
    torch.cuda.synchronize()
    return [a.elapsed_time(b) / 1e3 for a, b in zip(events, events[1:])]


def capture(torch, call):
    """call as a CUDA graph; returns the graph and what call returned in it."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()
    return graph, result


def pinned(torch, tensor):
    return tensor.pin_memory() if torch.cuda.is_available() else tensor


def latency(tower, mode, batch, seconds, function=None):
    """p50 and p99 in ms, pinned host memory to pinned host memory."""
    torch = tower.torch
    host_in = pinned(torch, tower.input(batch))
    host_out = pinned(torch, torch.empty(batch, tower.embedding))
    device_in = host_in.to(tower.device)
    function = tower.model if function is None else function

    def copied():
        device_in.copy_(host_in, non_blocking=True)
        host_out.copy_(function(device_in), non_blocking=True)

    synchronize = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    if mode == "graph":
        graph, result = capture(torch, lambda: function(device_in))

        def call():
            device_in.copy_(host_in, non_blocking=True)
            graph.replay()
            host_out.copy_(result, non_blocking=True)
            synchronize()
    elif mode == "graph-all":
        graph, _ = capture(torch, copied)

        def call():
            graph.replay()
            synchronize()
    else:
        if mode == "compile":
            static_input(torch, device_in)

        def call():
            copied()
            synchronize()

    # The timed path itself, with the first item of probe in the host's buffer and nothing of before in the other.
    timed = host_in.clone()
    host_in.copy_(tower.probe[:1].cpu().expand_as(host_in))
    for _ in range(3):  # torch.compile's third call is the first that replays a graph
        host_out.fill_(float("nan"))
        call()
    error = tower.error(host_out[:1].to(tower.device))
    host_in.copy_(timed)
    times = wall_times(call, seconds)
    return {"p50_ms": 1e3 * percentile(times, 0.5), "p99_ms": 1e3 * percentile(times, 0.99), "calls": len(times),
            "error": error}


def throughput(tower, mode, batch, seconds, function=None):
    """Items per second, inputs on the device."""
    torch = tower.torch
    function = tower.model if function is None else function
    device_in = tower.device_input(batch)
    if mode == "compile":
        static_input(torch, device_in)
    timed = device_in[:2].clone()
    device_in[:2].copy_(tower.probe)
    if mode == "graph":
        graph, result = capture(torch, lambda: function(device_in))
        result.fill_(float("nan"))
        call = graph.replay
        call()
    else:
        def call():
            return function(device_in)

        for _ in range(3):
            result = call()
    error = tower.error(result[:2])
    if not torch.isfinite(result).all().item():
        raise RuntimeError("wrong answer: not all embeddings are numbers")
    device_in[:2].copy_(timed)
    del result
    times = device_times(torch, call, seconds)
    median = percentile(times, 0.5)
    return {"items_s": batch / median, "ms": 1e3 * median, "tflops": tower.flops() * batch / median / 1e12,
            "calls": len(times), "error": error}


def static_input(torch, tensor):
    """Spares compiled code the copy into its graph's own input."""
    torch._dynamo.mark_static_address(tensor)


# --------------------------------------------------------------------------------------------------------------------
# The card's ceilings, and similarity


def matmul_ceiling(torch, device, dtype, size, seconds):
    a = torch.randn(size, size, device=device).to(dtype)
    b = torch.randn(size, size, device=device).to(dtype)
    out = torch.empty(size, size, device=device, dtype=dtype)
    times = device_times(torch, lambda: torch.mm(a, b, out=out), seconds)
    median = percentile(times, 0.5)
    return {"tflops": 2 * size ** 3 / median / 1e12, "ms": 1e3 * median, "calls": len(times)}


def copy_ceiling(torch, device, size_bytes, seconds):
    source = torch.randint(0, 1 << 30, (size_bytes // 4,), device=device, dtype=torch.int32)
    target = torch.empty_like(source)
    times = device_times(torch, lambda: target.copy_(source), seconds)
    median = percentile(times, 0.5)
    return {"gb_s": 2 * size_bytes / median / 1e9, "ms": 1e3 * median, "calls": len(times)}


def unit_rows(torch, device, rows, width):
    out = torch.empty(rows, width, device=device, dtype=torch.float16)
    generator = torch.Generator(device).manual_seed(7)
    for begin in range(0, rows, 1 << 19):
        part = out[begin:begin + (1 << 19)]
        drawn = torch.randn(part.shape, device=device, generator=generator)
        part.copy_(drawn / drawn.norm(dim=-1, keepdim=True))
    return out


def similarity(torch, embeddings, queries, chunk, top, graph, seconds):
    """The best top of all rows for every query, in chunks of rows."""
    rows = embeddings.shape[0]

    def call():
        if chunk >= rows:
            return torch.topk(queries @ embeddings.T, top, dim=1)
        values, indices = [], []
        for begin in range(0, rows, chunk):
            part = torch.topk(queries @ embeddings[begin:begin + chunk].T, top, dim=1)
            values.append(part.values)
            indices.append(part.indices + begin)
        best = torch.topk(torch.cat(values, 1), top, dim=1)
        return best.values, torch.gather(torch.cat(indices, 1), 1, best.indices)

    values, indices = call()
    # Of the first query, with every row in f32 accumulation; ties may change places, so values are compared.
    scores = torch.cat([part.float() @ queries[0].float() for part in embeddings.split(1 << 19)])
    best = torch.topk(scores, top).values
    error = (values[0].float() - best).abs().max().item()
    if not error <= 2e-3:
        raise RuntimeError(f"wrong answer: error of the first query's scores={error:.2e} limit=2e-03")
    del scores
    if graph:
        captured, _ = capture(torch, call)
        call = captured.replay
    times = device_times(torch, call, seconds)
    median = percentile(times, 0.5)
    return {"ms": 1e3 * median, "gb_s": embeddings.numel() * embeddings.element_size() / median / 1e9,
            "tflops": 2 * embeddings.numel() * queries.shape[0] / median / 1e12, "calls": len(times), "error": error}


# --------------------------------------------------------------------------------------------------------------------
# Rows


class Report:
    """All rows; the file is written anew after each, so that nothing is lost when something stops the process."""

    def __init__(self, path, environment, deadline):
        self.path = path
        self.environment = environment
        self.deadline = deadline
        self.rows = []
        self.process = None  # that compiles

    def left(self):
        return self.deadline - time.monotonic()

    def add(self, row):
        row["at_s"] = round(time.monotonic() - START, 1)
        self.rows.append(row)
        say(line(row))
        self.write()

    def measure(self, what, function, needs=1.0):
        """Adds a row with what, and what function returns; with its error, or that no time was left, else."""
        row = dict(what)
        if self.left() < needs:
            row["skipped"] = "no time left"
        else:
            try:
                row.update(function())
            except Exception as e:  # one mode must not cost the others
                row["failed"] = f"{type(e).__name__}: {first_line(e)}"
        self.add(row)
        return row

    def write(self):
        if not self.path:
            return
        with open(self.path + ".part", "w") as file:
            json.dump({"environment": self.environment, "seconds": round(time.monotonic() - START, 1),
                       "rows": self.rows}, file, indent=1)
        os.replace(self.path + ".part", self.path)


def first_line(error):
    text = str(error).strip()
    return (text.splitlines()[0] if text else "no message")[:300]


COLUMNS = [("kind", 11, ""), ("what", 11, ""), ("precision", 5, ""), ("batch", 6, "d"), ("mode", 10, ""),
           ("p50_ms", 9, ".4f"), ("p99_ms", 9, ".4f"), ("ms", 10, ".4f"), ("items_s", 10, ".0f"), ("tflops", 7, ".1f"),
           ("gb_s", 7, ".0f")]


def header():
    return " ".join(f"{name if name != 'precision' else 'prec':>{width}}" for name, width, _ in COLUMNS)


def line(row):
    cells = []
    for name, width, form in COLUMNS:
        value = row.get(name)
        cells.append(f"{'' if value is None else format(value, form):>{width}}")
    text = " ".join(cells)
    for word in ("skipped", "failed", "note"):
        if row.get(word):
            text = text.rstrip() + f"  {word}: {row[word]}"
    return text.rstrip()


def summary(report):
    """The best mode of each row that a bar is about, and shares of the card's ceilings."""
    ceiling = {(r["what"], r["precision"]): r for r in report.rows if r["kind"] == "ceiling" and not missing(r)}
    copy = next((r["gb_s"] for (what, _), r in ceiling.items() if what == "copy"), None)
    best = {}
    for row in report.rows:
        if row["kind"] == "ceiling" or missing(row):
            continue
        key = (row["kind"], row["what"], row["precision"], row["batch"])
        time_ms = row.get("p50_ms", row.get("ms"))
        if key not in best or time_ms < best[key].get("p50_ms", best[key].get("ms")):
            best[key] = row
    say("\nbest mode of each")
    say(header() + "   share of the ceiling")
    for row in best.values():
        share = []
        rate = ceiling.get(("matmul", row["precision"]))
        if row["kind"] != "latency" and rate and row.get("tflops"):
            share.append(f"{100 * row['tflops'] / rate['tflops']:.0f} % matmul")
        if row["kind"] == "similarity" and copy:
            share.append(f"{100 * row['gb_s'] / copy:.0f} % copy")
        text = line(row)
        say(text + (" " * max(3, len(header()) + 3 - len(text)) + ", ".join(share) if share else ""))
    for row in report.rows:
        if missing(row):
            say("missing: " + line(row).strip())


def watch(report):
    """Ends everything a little after the deadline, should a row take longer than it may."""
    def end():
        time.sleep(max(0.0, report.left()) + 3)
        say("\nstopped: the last row took too long")
        if report.process:
            stop(report.process)
        summary(report)
        os._exit(3)

    threading.Thread(target=end, daemon=True).start()


def missing(row):
    return "skipped" in row or "failed" in row


# --------------------------------------------------------------------------------------------------------------------
# torch.compile, in a process of its own


def worker(torch, arguments):
    """Compiles one tower for one batch, prints a JSON line."""
    name, batch, precision = arguments.worker.rsplit(":", 2)
    batch = int(batch)
    row = {}
    try:
        tower = Tower(torch, name, precision, arguments.device)
        start = time.monotonic()
        function = torch.compile(tower.model, mode=arguments.compile_mode, fullgraph=True, dynamic=False)
        with torch.no_grad():
            measured = latency if batch == 1 else throughput
            row = measured(tower, "compile", batch, arguments.seconds, function)
        row["note"] = f"{time.monotonic() - start:.0f} s with compiling"
    except Exception as e:
        row = {"failed": f"{type(e).__name__}: {first_line(e)}"}
    print("ROW " + json.dumps(row), flush=True)


def compiled(report, arguments, name, batch, precision, seconds_at_most, log):
    what = {"kind": "latency" if batch == 1 else "throughput", "what": name, "precision": precision, "batch": batch,
            "mode": "compile"}
    limit = min(seconds_at_most, report.left() - 1)
    if limit < 10:
        report.add({**what, "skipped": "no time left"})
        return
    command = [sys.executable, os.path.abspath(__file__), "--worker", f"{name}:{batch}:{precision}",
               "--seconds", str(arguments.seconds), "--device", arguments.device, "--sdpa", arguments.sdpa,
               "--compile-mode", arguments.compile_mode]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    report.process = process
    try:
        output, _ = process.communicate(timeout=limit)
        rows = [text[4:] for text in output.splitlines() if text.startswith("ROW ")]
        row = json.loads(rows[-1]) if rows else {"failed": f"the process ended with {process.returncode}"}
    except subprocess.TimeoutExpired:
        row = {"skipped": f"not compiled within {limit:.0f} s"}
    finally:
        report.process = None
        stop(process)
    report.add({**what, **row})


def stop(process):
    """With all processes that it started, which share its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    process.stdout.close()


# --------------------------------------------------------------------------------------------------------------------


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
