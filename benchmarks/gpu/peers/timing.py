"""Times calls, and towers: latency from host memory to host memory, throughput on the device."""
import math
import time


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
