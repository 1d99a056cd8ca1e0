# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Building the modules against the kernel of the loaded lane (lane.sh).

# Folders a module build reads.
module_folders=(module include kunit selftests samples)

# modules_sync DIR: bring a private copy of the sources up to date. Files are
# compared by content and keep no time stamp, so that make sees what changed;
# build output on either side (.gitignore) stays where it is.
modules_sync()
{
	local folder
	local only=(--include=/Kbuild)

	for folder in "${module_folders[@]}"; do
		only+=("--include=/$folder/***")
	done
	mkdir -p "$1"
	rsync -rlp --checksum --delete --exclude-from="$SPANHEAP_ROOT/.gitignore" \
		"${only[@]}" --exclude='/*' "$SPANHEAP_ROOT/" "$1/"
}

# modules_make DIR MAKE-ARGUMENT...: run the kernel's make on DIR. Debian's
# kernels want BTF in modules, which needs their vmlinux: leave it out.
modules_make()
{
	local dir=$1 info
	shift

	info=$(kernel_ready)/info
	# shellcheck source=/dev/null
	(. "$info" && make -C "$KDIR" "ARCH=$KARCH" "M=$dir" -j "$SPANHEAP_JOBS" \
		CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules)
}

# modules_build DIR [MAKE-ARGUMENT...]
modules_build()
{
	local dir=$1
	shift

	kernel_ready >/dev/null	# now, for it says what it does
	modules_sync "$dir"
	dir=$(cd "$dir" && pwd)
	quietly "${dir%/}.log" modules_make "$dir" "$@"
}

# modules_built DIR: the modules that the last build there made; what an earlier tree had
# elsewhere may still lie around.
modules_built()
{
	[ ! -f "$1/modules.order" ] ||
		(cd "$1" && sed 's/\.o$/.ko/' modules.order | xargs -r realpath)
}

# Where the modules of the loaded lane are built.
modules_folder()
{
	echo "$SPANHEAP_ROOT/build/$KERNEL/src"
}

modules_of_lane()
{
	local dir start=$SECONDS

	dir=$(modules_folder)
	modules_build "$dir"
	grep -E 'warning:|WARNING:' "$dir.log" | grep -v 'compiler differs' >&2 || :
	say "modules for $KERNEL: $(modules_built "$dir" | wc -l) ready" \
		"after $((SECONDS - start)) s"
}
