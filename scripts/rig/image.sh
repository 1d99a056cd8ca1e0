# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The root folder a test machine runs from:
#
#   /bin          busybox, and links for its commands
#   /init         scripts/guest/init
#   /run          the script to run
#   /modules      every module built for the lane
#   /selftests    selftests/tests/, and the kernel's ktap_helpers.sh;
#                 not when bare
#   /results      what is put here comes back to the host

# image_root ROOT WORKDIR BARE: make it from WORKDIR/run and WORKDIR/root/.
image_root()
{
	local root=$1 work=$2 bare=$3 busybox

	busybox=$(readlink -f "$(command -v busybox)") || die "no busybox; run scripts/rig/packages"

	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules,selftests,results} "$root${busybox%/*}"
	cp "$busybox" "$root$busybox"
	"$busybox" --install -s "$root/bin"	# links to its own path
	install -m 755 "$SPANHEAP_ROOT/scripts/guest/init" "$root/init"
	install -m 755 "$work/run" "$root/run"

	modules_built "$(modules_folder)" | xargs -r cp -t "$root/modules/"
	[ "$bare" = yes ] || image_selftests "$root/selftests"
	[ ! -d "$work/root" ] || cp -a "$work/root/." "$root/"
}

image_selftests()
{
	local src

	src=$(linux_source)
	rsync -a --exclude-from="$SPANHEAP_ROOT/.gitignore" \
		"$SPANHEAP_ROOT/selftests/tests/" "$1/"
	cp "$src/tools/testing/selftests/kselftest/ktap_helpers.sh" "$1/"
	# Tests compare what these say with what is there.
	cp "$SPANHEAP_ROOT"/Documentation/{misuse,debugfs}.rst "$1/"
}

# image_pack ROOT FILE: an initramfs, not compressed: unpacking costs more
# under emulation than reading.
image_pack()
{
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) >"$2"
}
