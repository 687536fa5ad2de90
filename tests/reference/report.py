"""Prints the worst differences from every other program: python -m tests.reference.report"""

from tests.reference import ABSENT, REFERENCE, event_scenarios, map_cases, nonmem_runs, phenobarbital


def main() -> None:
    if not REFERENCE.is_dir():
        raise SystemExit(ABSENT)
    print(
        f"{'map-case':40s} {'status':10s} {'OFV':>9s} {'OFV(0)':>9s} {'OFV(sim)':>9s} {'eta':>8s} {'ipred':>8s}", end=""
    )
    print(f" {'se':>8s}")
    for path in map_cases.paths():
        w = map_cases.worst(map_cases.load(path))
        print(
            f"{path.stem:40s} {w.status:10s} {w.ofv:+9.1e} {w.ofv_zero:+9.1e} {w.ofv_sim:+9.1e} "
            f"{w.eta:8.1e} {w.ipred:8.1e} {w.se:8.1e}"
        )
    print(f"\n{'NONMEM run':12s} {'OFV above':>10s} {'eta':>8s} {'pred':>8s}  same minimum, lower, of; not converged")
    for run in nonmem_runs.RUNS:
        r = nonmem_runs.worst(run)
        print(
            f"{run:12s} {r.ofv_above:10.1e} {r.eta:8.1e} {r.prediction:8.1e}  "
            f"{r.agreeing}, {r.lower}, {r.subjects}; {', '.join(r.not_converged) or 'none'}"
        )
    errors = {name: event_scenarios.worst(rows) for name, rows in event_scenarios.scenarios().items()}
    print(f"\n{len(errors)} event scenarios: worst {max(errors.values()):.1e} (scenario {max(errors, key=errors.get)})")
    _phenobarbital()


def _phenobarbital() -> None:
    folder = phenobarbital.folder()
    if folder is None:
        print(f"\nphenobarbital: {phenobarbital.NOT_INSTALLED}")
        return
    w = phenobarbital.worst(folder)
    print(
        f"\n{w.subjects} newborns on phenobarbital: eta {w.eta:.1e}, FOCEI objective {w.ofv:.1e}, "
        f"predictions {w.prediction:.1e}; not converged: {', '.join(w.not_converged) or 'none'}"
    )


if __name__ == "__main__":
    main()
