"""What the card itself can do, and a search for the nearest embeddings."""
from timing import capture, device_times, percentile


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
