#!/bin/bash
# Compares Idem with a peer on this machine: both run alternately in one run, sample by sample, with the FMA peak probed between.
#
#   bench/peers/run.sh --make-chroot DIR     make a Debian 13 with PyTorch in DIR, outside the repository (root, debootstrap, network)
#   bench/peers/run.sh --chroot DIR [--peer pytorch|torchsharp] [--threads N] [--groups A,B] [--rounds N] [--seconds S]
#   bench/peers/run.sh --chroot DIR --shakespeare INPUT.TXT [--threads N]      the whole training run, theirs and then ours
#   bench/peers/run.sh --chroot DIR --versions
#   bench/peers/run.sh --peer llamacpp --models DIR [--threads N] [--groups A,B] [--rounds N] [--seconds S]      no chroot; model files are made in DIR
#
# Groups: gemm gemv elementwise attention tiny shakespeare-char gpt2-64 gpt2-256 (default: all), beside llama.cpp llama-prefill llama-decode
# llama-batch. bench/peers/README.md explains.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
chroot="" make="" models="" peer=pytorch threads=1 text="" versions=""
compare=()
while [ $# -gt 0 ]; do
    case "$1" in
        --make-chroot) make=$2; shift 2 ;;
        --chroot) chroot=$2; shift 2 ;;
        --peer) peer=$2; shift 2 ;;
        --models) models=$2; shift 2 ;;
        --threads) threads=$2; shift 2 ;;
        --shakespeare) text=$2; shift 2 ;;
        --versions) versions=1; shift ;;
        --groups | --rounds | --seconds) compare+=("$1" "$2"); shift 2 ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

make_chroot() {
    case "$(realpath -m "$1")" in "$root" | "$root"/*) echo "run.sh: $1 lies inside the repository: name a folder outside" >&2; exit 2 ;; esac
    command -v debootstrap > /dev/null || { echo "run.sh: install debootstrap first (apt-get install debootstrap)" >&2; exit 1; }
    # The mirror that this machine's own packages come from; Debian's if it names none.
    local mirror
    mirror=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null || true; } |
        sed -n 's/^URIs: *\(http[^ ]*\/debian\)\/* *$/\1/p; s/^deb \(\[.*\] \)\{0,1\}\(http[^ ]*\/debian\)\/* .*/\2/p' | head -n 1)
    debootstrap --variant=minbase --include=ca-certificates trixie "$1" "${mirror:-http://deb.debian.org/debian}"
    chroot "$1" apt-get install -y --no-install-recommends python3-torch libopenblas0-openmp
}

if [ -n "$make" ]; then
    make_chroot "$make"
    exit 0
fi

print_head() {
    echo "| case | threads | Idem | $peer | unit | times as fast | Idem MiB | peer MiB | FMA peak |"
    echo "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |"
}

if [ "$peer" = llamacpp ]; then
    [ -n "$models" ] || { echo "run.sh: --peer llamacpp needs --models DIR, a folder outside the repository with 2 GB of room" >&2; exit 2; }
    dotnet build "$here/llama.cpp" -c Release > /dev/null
    dotnet build "$root/bench/Idem.Bench" -c Release > /dev/null
    llama=(dotnet "$here/llama.cpp/bin/Release/net10.0/LlamaCppPeer.dll")
    bench=(dotnet "$root/bench/Idem.Bench/bin/Release/net10.0/Idem.Bench.dll")
    if [ ! -e "$models/llama-q8_0.gguf" ]; then
        "${bench[@]}" write-llama "$models"
        for type in bf16 q8_0; do "${llama[@]}" quantize "$models/llama-f32.gguf" "$models/llama-$type.gguf" "$type"; done
    fi
    case " ${compare[*]-} " in *" --groups "*) ;; *) compare+=(--groups llama-prefill,llama-decode,llama-batch) ;; esac
    echo versions | "${llama[@]}" "$models" "$threads"
    print_head
    IDEM_BENCH_MODELS=$models exec "${bench[@]}" compare --threads "$threads" "${compare[@]}" -- "${llama[@]}" "$models"
fi

[ -n "$chroot" ] || { echo "run.sh: name a chroot with --chroot DIR, or make one with --make-chroot DIR" >&2; exit 2; }
[ -e "$chroot/proc/self" ] || mount -t proc proc "$chroot/proc"

# The strongest settings found (bench/results): memory is kept by malloc instead of returned and faulted in again; OpenBLAS is told
# to use AVX-512 where there is AVX-512 (SkylakeX's kernels; left alone it takes Cooperlake's, which are as fast), and not what the
# environment may have for other programs (with Haswell's kernels it trains half as fast).
settings=(
    -u OPENBLAS_L2_SIZE MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_MMAP_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456 MALLOC_ARENA_MAX=2
    OMP_NUM_THREADS="$threads" LC_ALL=C
)
if grep -q -m 1 avx512f /proc/cpuinfo; then
    settings+=(OPENBLAS_CORETYPE="${PEER_OPENBLAS_CORETYPE-SkylakeX}")
fi

case "$peer" in
    pytorch)
        mkdir -p "$chroot/peer"
        cp "$here"/pytorch/*.py "$chroot/peer/"
        command=(env "${settings[@]}" chroot "$chroot" python3 /peer/serve.py)
        ;;
    torchsharp)
        # Self-contained, because the chroot has no .NET; in there, because libtorch needs a newer C++ library than older systems have.
        dotnet publish "$here/TorchSharp" -c Release -r linux-x64 --self-contained -o "$chroot/peer/torchsharp" > /dev/null
        command=(env "${settings[@]}" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 chroot "$chroot" /peer/torchsharp/TorchSharpPeer)
        ;;
    *) echo "run.sh: --peer $peer: use pytorch or torchsharp" >&2; exit 2 ;;
esac

if [ -n "$versions" ]; then
    echo versions | "${command[@]}" "$threads"
    chroot "$chroot" dpkg-query -W python3-torch libopenblas0-openmp libdnnl3.6
    exit 0
fi

dotnet build "$root/bench/Idem.Bench" -c Release > /dev/null
if [ -n "$text" ]; then
    cp "$text" "$chroot/peer/input.txt"
    env "${settings[@]}" chroot "$chroot" python3 /peer/shakespeare.py "$threads" /peer/input.txt
    dotnet build "$root/src/Idem.Cli" -c Release > /dev/null
    run=$(mktemp -d)
    trap 'rm -rf "$run"' EXIT
    time dotnet "$root/src/Idem.Cli/bin/Release/net10.0/Idem.Cli.dll" train --preset shakespeare-char --data "$text" --out "$run/run" --threads "$threads" | tail -n 2
    exit 0
fi

print_head
exec dotnet "$root/bench/Idem.Bench/bin/Release/net10.0/Idem.Bench.dll" compare --threads "$threads" "${compare[@]}" -- "${command[@]}"
