#!/usr/bin/env python3
"""Times Pillow on JPEG files: decode, resize and crop, normalise, as openai/CLIP preprocesses images, on one thread.

usage: pillow.py FILE...     needs Pillow and NumPy

Prints the shortest times of 3 seconds each and the CRC-32 of the tensor, which is ours when the bits are the same:
org.clip4j.benchmarks.PhotoTimes writes the files of PreprocessBenchmark and prints ours.
"""
import io
import sys
import time
import zlib

import numpy
import PIL
from PIL import Image, features

SIZE = 224
SECONDS = 3
# openai/CLIP clip/clip.py, _transform
MEAN = numpy.array([0.48145466, 0.4578275, 0.40821073], numpy.float32).reshape(3, 1, 1)
STD = numpy.array([0.26862954, 0.26130258, 0.27577711], numpy.float32).reshape(3, 1, 1)


def preprocess(jpeg):
    """The tensor, and the clock after each step."""
    clock = [time.perf_counter()]
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    clock.append(time.perf_counter())
    width, height = image.size
    size = (SIZE, int(SIZE * height / width)) if width <= height else (int(SIZE * width / height), SIZE)
    image = image.resize(size, Image.BICUBIC)
    left, top = round((size[0] - SIZE) / 2.0), round((size[1] - SIZE) / 2.0)
    image = image.crop((left, top, left + SIZE, top + SIZE)).convert("RGB")
    clock.append(time.perf_counter())
    tensor = numpy.ascontiguousarray(numpy.asarray(image).transpose(2, 0, 1)).astype(numpy.float32)
    tensor /= numpy.float32(255)
    tensor -= MEAN
    tensor /= STD
    clock.append(time.perf_counter())
    return tensor, clock


def main():
    print(f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, NumPy {numpy.__version__}")
    for file in sys.argv[1:]:
        with open(file, "rb") as stream:
            jpeg = stream.read()
        best = [float("inf")] * 4
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            tensor, clock = preprocess(jpeg)
            steps = [b - a for a, b in zip(clock, clock[1:])] + [clock[-1] - clock[0]]
            best = [min(a, b) for a, b in zip(best, steps)]
        decode, resize, normalise, whole = (1e3 * seconds for seconds in best)
        print(f"{file}: decode {decode:.2f} resize {resize:.2f} normalise {normalise:.2f} whole {whole:.2f} ms"
              f" crc32 {zlib.crc32(tensor.tobytes()):08x}")


if __name__ == "__main__":
    main()
