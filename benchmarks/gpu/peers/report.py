"""Rows: collected, printed, written and summed up, whatever ends the process."""
import json
import os
import signal
import threading
import time

START = time.monotonic()


def say(text):
    print(text, flush=True)


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


def stop(process):
    """With all processes that it started, which share its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    process.stdout.close()
