# Sourced by the scripts beside it: one virtual environment, .venv, made once and renewed when it has to be.
# shellcheck shell=bash

refuse() {
    printf '%s\n' "$*" >&2
    exit 2
}

# A version manager puts names on PATH that then refuse to run, so each candidate is asked, not believed.
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    refuse "No Python 3.11 or newer runs here under the names python3, python3.11 ... python3.14." \
        "Install one, or name it: PYTHON=/path/to/python $0"
}

# make_venv DIRECTORY: a working environment there, kept if it still works.
make_venv() {
    local python
    "$1/bin/python" -m pip --version >/dev/null 2>&1 && return
    python=$(find_python) || exit 2
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        refuse "$python cannot make virtual environments: its venv module is missing." \
            "On Debian and Ubuntu: apt-get install python3-venv"
    rm -rf "$1"
    # pip in a step of its own: venv swallows the reason when that fails.
    { "$python" -m venv --without-pip "$1" && "$1/bin/python" -m ensurepip --default-pip >/dev/null; } ||
        refuse "$python could not make the virtual environment $1; its reason stands above."
}

# install_assay [EXTRAS]: Assay, editable, in .venv; skipped while the stamp holds what a new install would depend on.
install_assay() {
    local stamp=".venv/.assay$1" now
    now=$(cksum <pyproject.toml)
    # A virtual environment does not survive being moved: its programs name the place they were made in.
    [ ! -f .venv/.place ] || [ "$(cat .venv/.place)" = "$PWD" ] || rm -rf .venv
    [ -x .venv/bin/assay ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
    make_venv .venv
    printf 'Installing Assay into .venv ...\n' >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$1" ||
        refuse "pip could not install Assay; its reason stands above."
    # Where PYTHONDONTWRITEBYTECODE is set, every start would compile every module anew.
    .venv/bin/python -m compileall -q scanner/assay rules
    printf '%s' "$PWD" >.venv/.place
    printf '%s' "$now" | tee .venv/.assay >"$stamp"
}
