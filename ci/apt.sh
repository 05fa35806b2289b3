# shellcheck shell=bash
# Sourced by scripts that download packages of another architecture from
# Debian, to unpack and not to install. Must not know which ones.
#
# SPDX-License-Identifier: BSD-2-Clause

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# Whose packages: may be set by who sources this.
apt_arch=arm64

# Runs apt-get or apt-cache on lists of our own under the directory given,
# that architecture among them: the system is left as it is and no root is
# needed.
apt_own()
{
	local dir=$1 program=$2
	local -a own=(-o APT::Architectures::="$(dpkg --print-architecture)"
	    -o APT::Architectures::="$apt_arch"
	    -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache"
	    -o Acquire::Languages=none)
	shift 2
	[[ $(id -u) != 0 ]] || own+=(-o APT::Sandbox::User=root)
	[[ ! -f $dir/sources.list ]] ||
	    own+=(-o Dir::Etc::sourcelist="$dir/sources.list"
	    -o Dir::Etc::sourceparts=/dev/null)
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	"$program" "${own[@]}" "$@"
}

# From here on apt_own under this directory knows one suite only: packages
# (deb) or their sources (deb-src), of the mirror the system uses.
apt_only()
{
	local dir=$1 kind=$2 suite=$3 mirror
	# shellcheck disable=SC2016	# apt's own variables
	mirror=$(apt-get indextargets --format '$(REPO_URI)' \
	    'Created-By: Packages' 'Codename: bookworm' | head -n 1)
	mkdir -p "$dir"
	echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
	    "${mirror:-http://deb.debian.org/debian} $suite main" \
	    >"$dir/sources.list"
}

apt_own_update()
{
	[[ -n $(find "$1/lists" -maxdepth 1 -name '*Packages*' -print -quit \
	    2>/dev/null) ]] ||
	    apt_own "$1" apt-get update -q ||
	    echo "${0##*/}: some package lists could not be read" >&2
}

# Downloads a package (name:arch) into the directory given. The system's own
# lists serve if it has the architecture.
apt_download()
{
	local dir=$1 package=$2
	if [[ ! -f $dir/sources.list ]] &&
	    dpkg --print-foreign-architectures | grep -qx "$apt_arch" &&
	    (cd "$dir" && apt-get download -q "$package" 2>/dev/null); then
		return
	fi
	apt_own_update "$dir"
	(cd "$dir" && apt_own "$dir" apt-get download -q "$package") ||
	    die "cannot download $package (see above)"
}

# Prints what a package depends on, a name to a line.
apt_depends()
{
	local dir=$1 package=$2
	apt_own_update "$dir" >&2
	apt_own "$dir" apt-cache depends "$package" |
	    sed -n 's/^ *Depends: *//p'
}
