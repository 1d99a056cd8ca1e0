# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Read any Debian suite without touching the system's apt configuration. The
# mirror is the one the system's own apt uses; lists and downloads stay in the
# cache folder; signatures are checked as always.
#
#   apt_update SUITE                fetch the suite's package lists
#   apt_newest SUITE PATTERN        newest package whose name matches the regex
#   apt_version SUITE PACKAGE       its version there
#   apt_closure SUITE RE PACKAGE... packages and all they depend on that match RE
#   apt_fetch SUITE DIR PACKAGE...  download and unpack below DIR

apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# "URI release" of each source of the system's apt that belongs to SUITE, or the
# mirror of the running release when SUITE is not configured.
apt_sources_of()
{
	local suite=$1 own main targets

	# Keep $(...) for apt to expand.
	# shellcheck disable=SC2016
	targets=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages')
	own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	main=$(awk -v r="$own" '$2 == r { print $1; exit }' <<<"$targets")
	[ -n "$main" ] || die "apt has no source for '$own': cannot tell the Debian mirror"

	{
		echo "$main $suite"
		awk -v s="$suite" \
			'$2 == s || $2 == s "-updates" || $2 == s "-security"' <<<"$targets"
	} | sort -u
}

# Run an apt tool against one suite's private lists.
apt_run()
{
	local suite=$1 tool=$2 dir=$SPANHEAP_CACHE/apt/$1
	shift 2

	"$tool" -q \
		-o "Dir::Etc::sourcelist=$dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o "Dir::State::Lists=$dir/lists" \
		-o "Dir::Cache=$dir/cache" \
		-o APT::Sandbox::User=root \
		-o APT::Get::List-Cleanup=false \
		-o Acquire::Languages=none \
		"$@"
}

apt_update()
{
	local suite=$1 dir=$SPANHEAP_CACHE/apt/$1

	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	apt_sources_of "$suite" | sed "s|^|deb [signed-by=$apt_keyring] |; s|\$| main|" \
		>"$dir/sources.list"
	quietly "$dir/update.log" apt_run "$suite" apt-get update --error-on=any
}

apt_newest()
{
	apt_run "$1" apt-cache search --names-only "$2" | awk '{ print $1 }' | sort -V | tail -n 1
}

apt_version()
{
	apt_run "$1" apt-cache policy "$2" | awk '$1 == "Candidate:" { print $2 }'
}

apt_closure()
{
	local suite=$1 re=$2
	shift 2

	apt_run "$suite" apt-cache depends --recurse --no-recommends --no-suggests \
		--no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
		grep -E "^$re\$" | sort -u
}

apt_fetch()
{
	local suite=$1 dir=$2 debs deb
	shift 2

	debs=$(mktemp -d "$SPANHEAP_CACHE/fetch.XXXXXX")
	(cd "$debs" && quietly "$debs/log" apt_run "$suite" apt-get download "$@")
	mkdir -p "$dir"
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$debs"
}
