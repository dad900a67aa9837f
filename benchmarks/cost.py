#!/usr/bin/env python3
"""How well anomalies of spend are found: precision and recall beside a 3-sigma rule and a plain isolation forest.

usage: cost.py [--series N] [--seed N] [--rows N]

Series of 120 days with a weekday pattern, a trend, noise and month-end bills; half of them with spikes, steps or drifts
injected, all with holidays (days at a third of their cost), which are no anomalies. A told day counts as right when an
injected anomaly is there; an injected one counts as found when one of its first three days (of a drift, one of its
last fourteen) is told. The isolation forest needs scikit-learn and is left out without it.

With --rows, no accuracy: so many rows of a FOCUS file (all columns of the specification, 120 days, 40 services, 25
accounts, 20,000 resources) as CSV, gzipped CSV and Parquet in a temporary folder, and the CPU and memory of
`assay audit cost` on each. Budget for 2 million: 15 s CPU and 600 MiB.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scanner"))
from assay.analysis.cost import anomalies

DAYS = 120
Series = list[float]
Injected = list[tuple[int, int, str]]  # first day, last day, kind


def series(rng: random.Random) -> tuple[Series, Injected]:
    level, noise = 10 ** rng.uniform(0.5, 4), rng.uniform(0.02, 0.1)
    week = [1.0] * 5 + [rng.uniform(0.4, 1.0)] * 2
    trend = rng.uniform(-0.001, 0.002)
    costs = [level * week[i % 7] * (1 + trend * i) * max(0.05, rng.gauss(1, noise)) for i in range(DAYS)]
    for _ in range(rng.randint(0, 2)):  # holidays
        costs[rng.randrange(DAYS)] *= 0.33
    injected: Injected = []
    kind = rng.choice(["spike", "spike", "step", "drift", "none", "none", "none"])
    if kind == "spike":
        for at in sorted(rng.sample(range(40, DAYS), rng.randint(1, 3))):
            costs[at] *= rng.uniform(1.5, 4)
            injected.append((at, at, kind))
    elif kind == "step":
        at, by = rng.randrange(50, DAYS - 5), rng.uniform(1.4, 2.5)
        costs[at:] = [c * by for c in costs[at:]]
        injected.append((at, DAYS - 1, kind))
    elif kind == "drift":
        at, by = DAYS - 30, rng.uniform(0.02, 0.04)
        costs[at:] = [c * (1 + by) ** i for i, c in enumerate(costs[at:])]
        injected.append((at, DAYS - 1, kind))
    return costs, injected


def ours(costs: Series) -> set[int]:
    days = [date(2026, 1, 5) + timedelta(days=i) for i in range(len(costs))]
    found: set[int] = set()
    for a in anomalies(days, costs):
        found |= set(range((a.start - days[0]).days, (a.end - days[0]).days + 1))
    return found


def three_sigma(costs: Series) -> set[int]:
    found = set()
    for i in range(28, len(costs)):
        past = costs[i - 28 : i]
        if costs[i] > statistics.fmean(past) + 3 * statistics.stdev(past):
            found.add(i)
    return found


def isolation_forest(costs: Series) -> set[int]:
    from sklearn.ensemble import IsolationForest

    rows = [[c, i % 7] for i, c in enumerate(costs)]
    labels = IsolationForest(n_estimators=50, random_state=0).fit_predict(rows)
    middle = statistics.median(costs)
    return {i for i, label in enumerate(labels) if label == -1 and costs[i] > middle}


def score(tool: Callable[[Series], set[int]], cases: list[tuple[Series, Injected]]) -> tuple[float, float]:
    right = told = found = there = 0
    for costs, injected in cases:
        days = tool(costs)
        told += len(days)
        right += sum(1 for d in days if any(a <= d <= b for a, b, _ in injected))
        for a, b, kind in injected:
            there += 1
            window = range(b - 13, b + 1) if kind == "drift" else range(a, min(a + 3, b + 1))
            found += any(d in days for d in window)
    return right / max(1, told), found / max(1, there)


# --- speed ------------------------------------------------------------------------------------------------------------

TEXTS = """
    AvailabilityZone BillingAccountId BillingAccountName BillingAccountType ChargeClass CommitmentDiscountCategory
    CommitmentDiscountId CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType ConsumedUnit
    InvoiceIssuerName PricingCategory PricingUnit ProviderName PublisherName RegionId RegionName ResourceName
    ResourceType ServiceCategory SkuId SkuPriceId SubAccountName SubAccountType
""".split()  # noqa: SIM905 - the columns of the specification that nothing here reads
AMOUNTS = ("BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "ListCost", "ListUnitPrice",
           "PricingQuantity")  # fmt: skip


def generate(rows: int, folder: Path) -> list[Path]:
    """The same rows as CSV, gzipped CSV and Parquet."""
    import duckdb

    day = "DATE '2026-07-01' + CAST(i % 120 AS INTEGER)"
    texts = ", ".join(f"'{name} ' || (i % {7 + n}) AS {name}" for n, name in enumerate(TEXTS))
    amounts = ", ".join(f"round((i % 9973) / {3 + n}.0, 6) AS {name}" for n, name in enumerate(AMOUNTS))
    select = f"""
        SELECT CAST({day} AS VARCHAR) || 'T00:00:00Z' AS ChargePeriodStart,
               CAST({day} + 1 AS VARCHAR) || 'T00:00:00Z' AS ChargePeriodEnd,
               CAST(date_trunc('month', {day}) AS VARCHAR) || 'T00:00:00Z' AS BillingPeriodStart,
               'USD' AS BillingCurrency, 'Usage' AS ChargeCategory, 'Usage-Based' AS ChargeFrequency,
               'eu-west-1 usage of kind ' || (i % 300) AS ChargeDescription,
               round(0.01 + (hash(i) % 1000) / 4000.0, 6) AS EffectiveCost,
               'Service ' || (hash(i * 7) % 40) AS ServiceName, CAST(100000000000 + hash(i * 3) % 25 AS VARCHAR) AS
               SubAccountId, 'arn:aws:ec2:eu-west-1:100000000000:instance/i-' || (hash(i * 5) % 20000) AS ResourceId,
               CASE WHEN i % 5 = 0 THEN '{{}}' ELSE '{{"team": "t' || (i % 30) || '", "stage": "prod"}}' END AS Tags,
               {texts}, {amounts}
        FROM range({rows}) t(i)"""
    made = []
    with duckdb.connect() as connection:
        for name, options in (("focus.csv", "HEADER"), ("focus.csv.gz", "HEADER"), ("focus.parquet", "FORMAT parquet")):
            connection.execute(f"COPY ({select}) TO '{folder / name}' ({options})")
            made.append(folder / name)
    return made


def speed(rows: int) -> None:
    """CPU seconds and memory of an audit of each file, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="assay-focus-") as folder:
        print(f"{'file':<14} {'MiB':>7} {'CPU s':>6} {'wall s':>6} {'peak MiB':>8} exit")
        for file in generate(rows, Path(folder)):
            started, before = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, "-c", MEASURED, "audit", "cost", str(file), "--fail-on", "never", "-q", "-o",
                       f"json={folder}/report.json"]  # fmt: skip
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            peak = int(ran.stdout.split()[-1]) / 1024 if ran.stdout.split() else 0
            size = file.stat().st_size / 2**20
            print(f"{file.name:<14} {size:>7.0f} {cpu:>6.1f} {time.time() - started:>6.1f} {peak:>8.0f} "
                  f"{ran.returncode} {ran.stderr.strip()[-200:]}")  # fmt: skip


MEASURED = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).resolve().parent.parent / "scanner")!r})
from assay.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--series", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rows", type=int, metavar="N", help="measure the speed on so many rows instead")
    args = p.parse_args()
    if args.rows:
        speed(args.rows)
        return
    rng = random.Random(args.seed)
    cases = [series(rng) for _ in range(args.series)]
    tools: dict[str, Callable[[Series], set[int]]] = {"assay": ours, "3 sigma": three_sigma}
    try:
        import sklearn  # noqa: F401

        tools["isolation forest"] = isolation_forest
    except ImportError:
        print("scikit-learn is not installed: the isolation forest is left out")
    print(f"{'method':<18} {'precision':>9} {'recall':>7} {'F1':>6}")
    for name, tool in tools.items():
        precision, recall = score(tool, cases)
        both = 2 * precision * recall / max(1e-9, precision + recall)
        print(f"{name:<18} {precision:>9.3f} {recall:>7.3f} {both:>6.3f}")


if __name__ == "__main__":
    main()
