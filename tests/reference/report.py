"""Prints the worst differences from every other program: python -m tests.reference.report"""

from tests.models import test_nca_winnonlin as winnonlin
from tests.reference import ABSENT, REFERENCE, event_scenarios, map_cases, nonmem_runs, phenobarbital


def main() -> None:
    if REFERENCE.is_dir():
        _map_cases()
        _nonmem_runs()
        errors = {name: event_scenarios.worst(rows) for name, rows in event_scenarios.scenarios().items()}
        worst = max(errors, key=lambda name: errors[name])
        print(f"\n{len(errors)} event scenarios: worst {errors[worst]:.1e} (scenario {worst})")
        for table in winnonlin.TABLES:
            found = {column: max(of) for column, of in winnonlin.errors(table).items()}
            column = max(found, key=lambda name: found[name])
            print(f"WinNonlin {table}: {len(found)} columns, worst {found[column]:.1e} ({column})")
    else:
        print(ABSENT)
    _phenobarbital()


def _map_cases() -> None:
    heads = "".join(f" {name:>9s}" for name in ("OFV", "OFV(0)", "OFV(sim)")) + f" {'eta':>8s} {'ipred':>8s} {'se':>8s}"
    print(f"{'map-case':40s} {'status':10s}{heads}")
    for path in map_cases.paths():
        w = map_cases.worst(map_cases.load(path))
        print(
            f"{path.stem:40s} {w.status:10s} {w.ofv:+9.1e} {w.ofv_zero:+9.1e} {w.ofv_sim:+9.1e} "
            f"{w.eta:8.1e} {w.ipred:8.1e} {w.se:8.1e}"
        )


def _nonmem_runs() -> None:
    print(f"\n{'NONMEM run':12s} {'OFV above':>10s} {'eta':>8s} {'pred':>8s}  same minimum, lower, of; not converged")
    for run in nonmem_runs.RUNS:
        r = nonmem_runs.worst(run)
        print(
            f"{run:12s} {r.ofv_above:10.1e} {r.eta:8.1e} {r.prediction:8.1e}  "
            f"{r.agreeing}, {r.lower}, {r.subjects}; {', '.join(r.not_converged) or 'none'}"
        )


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
