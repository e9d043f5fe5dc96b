# Which Python makes .venv? The first that requires-python in pyproject.toml admits.
#
#     sh tools/choose_python.sh [PYTHON]
#
# Looks at PYTHON alone, if it is given; else at python3 and then python3.13, python3.12, ... on the
# path, and last at the one in .venv, where `uv venv` may have put it. Prints its name, or says on
# stderr what there is and what to do, and ends with status 1.

asked=$1
set -- $(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"$/\1 \2/p' pyproject.toml)
minor=$1
fitting=3.$minor
named=python3.$minor
while [ $((minor += 1)) -lt "$2" ]; do
    fitting="$fitting, 3.$minor"
    named="python3.$minor $named"
done

if [ "$asked" ]; then
    set -- "$asked"
else
    set -- python3 $named .venv/bin/python
fi
found=
for python in "$@"; do
    version=$("$python" --version 2>&1) || continue # absent, or a name with nothing behind it
    version=${version#Python }
    case ", $fitting," in *", ${version%.*},"*)
        echo "$python"
        exit
        ;;
    esac
    found="$found${found:+, }$version ($(command -v "$python"))"
done

who=Python
if [ "$asked" ]; then who=SYSTEM_PYTHON; fi
last=${fitting##* }
cat >&2 <<END
$who must be ${fitting%, *} or $last: got ${found:-nothing called ${asked:-python3}}.
TensorFlow has no build for another one. Nothing was installed. Do one of these in this folder:
- Install one of these versions and try again. Where it is not on the path, name it:
  make lab SYSTEM_PYTHON=/where/it/is/python$last
- With uv: uv venv --python 3.12 && make lab SYSTEM_PYTHON=.venv/bin/python
- With conda: conda env create -f environment.yml && conda activate cnnlab && cnnlab lab
END
exit 1
