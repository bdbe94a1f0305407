#!/usr/bin/env bash
# Makes the image in which variants.rf runs, out of this machine's own Debian packages.
#
# Usage: build-image.sh [-f] [NAME]
#   NAME  name of the image; default: reflow/variants:1
#   -f    build even when the image of these packages is there
#
# Installs bowtie2, samtools and bcftools if they are missing (needs root), copies the files of
# these packages and of all that they depend on into an image, and loads it into Docker. No registry
# is asked. The same packages make the same image, byte for byte; an image that is there already is
# only given its name. Prints the name and the image's id.
set -euo pipefail
export LC_ALL=C

usage() { sed -n '4,6s/^# \{0,1\}//p' "$0"; }
force=
while getopts fh option; do
  case $option in
    f) force=1 ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
name=${1:-reflow/variants:1}
case ${name##*/} in *:*) ;; *) name+=:latest ;; esac

packages=(bowtie2 samtools bcftools bash coreutils dash grep sed mawk findutils tar gzip
          base-files base-passwd libc-bin)
label=reflow.example.variants

install_missing() {   # install_missing PACKAGE...
  local missing=() package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# The packages and everything that they depend on, as installed here: "NAME VERSION" a line.
closure() {   # closure PACKAGE...
  dpkg-query -W -f '${db:Status-Status}\t${binary:Package}\t${Package}\t${Version}\t${Provides}\t${Pre-Depends}, ${Depends}\n' |
    awk -F'\t' -v wanted="$*" '
      $1 == "installed" {
        full[$3] = $2; version[$3] = $4; needs[$3] = $6
        count = split($5, names, /, */)
        for (i = 1; i <= count; i++) { sub(/ .*/, "", names[i]); if (names[i] != "") provider[names[i]] = $3 }
      }
      END {
        last = split(wanted, queue, " ")
        for (head = 1; head <= last; head++) {
          package = queue[head]
          if (!(package in version)) package = provider[package]
          if (package == "" || (package in done)) continue
          done[package] = 1
          print full[package], version[package]
          count = split(needs[package], names, /[,|] */)
          for (i = 1; i <= count; i++) {
            sub(/^ +/, "", names[i]); sub(/[ (:].*/, "", names[i])
            if (names[i] != "") queue[++last] = names[i]
          }
        }
      }' | sort -u
}

# The packages' files except documentation, with /bin, /sbin and /lib merged into /usr.
stage() {   # stage FOLDER PACKAGE...
  local root=$1 folder path; shift
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,proc,sys,run,root,home,mnt,etc,tmp,var/tmp}
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
  dpkg -L "$@" | grep -vE '^/usr/share/(doc|man|locale|info|lintian|bug|bash-completion)(/|$)' | sort -u |
    while IFS= read -r path; do
      if [ -L "$path" ]; then case $path in /bin|/sbin|/lib|/lib64) ;; *) echo "$path" ;; esac
      elif [ -f "$path" ]; then echo "$path"; fi
    done |
    tar -C / -c --no-recursion -P -T - \
        --transform 's,^/*\(bin\|sbin\|lib\|lib64\)/,usr/\1/,S' --transform 's,^/,,S' |
    tar -C "$root" -x --keep-directory-symlink
  ln -sf mawk "$root/usr/bin/awk"
  cp /usr/share/base-passwd/passwd.master "$root/etc/passwd"
  cp /usr/share/base-passwd/group.master "$root/etc/group"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
}

# Packs a staged folder as an image that "docker load" reads.
pack() {   # pack FOLDER OUT KEY NAME
  local layer
  mkdir "$2"
  tar -C "$1" -c --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -f "$2/layer.tar" .
  layer=$(sha256sum <"$2/layer.tar" | cut -d' ' -f1)
  cat >"$2/config.json" <<END
{"architecture":"$(dpkg --print-architecture)","os":"linux","created":"1970-01-01T00:00:00Z",
"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["bash"],"Labels":{"$label":"$3"}},
"history":[{"created":"1970-01-01T00:00:00Z","created_by":"build-image.sh"}],
"rootfs":{"type":"layers","diff_ids":["sha256:$layer"]}}
END
  echo '[{"Config":"config.json","RepoTags":["'"$4"'"],"Layers":["layer.tar"]}]' >"$2/manifest.json"
}

command -v docker >/dev/null || { echo "build-image.sh: docker is not installed" >&2; exit 1; }
docker version >/dev/null 2>&1 || { echo "build-image.sh: Docker does not answer" >&2; exit 1; }
install_missing "${packages[@]}"
versions=$(closure "${packages[@]}")
key=$({ echo "$versions"; cat "$0"; } | sha256sum | cut -c1-16)
image=$(docker image ls -q --no-trunc --filter "label=$label=$key" | head -n 1)
if [ -z "$image" ] || [ -n "$force" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mapfile -t installed < <(cut -d' ' -f1 <<<"$versions")
  stage "$work/root" "${installed[@]}"
  pack "$work/root" "$work/image" "$key" "$name"
  tar -C "$work/image" -c . | docker load -q >/dev/null
else
  docker tag "$image" "$name"
fi
echo "$name $(docker image inspect -f '{{.Id}}' "$name")"
