# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154	# variables of scripts/rig/boot
#
# Start a machine on the kernel and root folder that scripts/rig/boot prepared.
# Each runs as a process of its own, whose id is that of the time limit's
# watcher; another one stops a machine that is silent. Serial lines: the first is
# the kernel log, the second the script's output, the third (QEMU) carries the
# results.

# A busy host gives an emulated CPU nothing to run on for longer than the 21 s and
# more after which the kernel takes it for stuck: what hangs does so for good, and
# is reported as well when it is told to wait longer.
patience="rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60"
patience+=" workqueue.watchdog_thresh=120"

# numa_flags: what gives each of NODES nodes the same share of memory and CPUs.
numa_flags()
{
	local node range share cpus_each=$((CPUS / NODES))

	[ "$NODES" -gt 1 ] || return 0
	share=$(($(numfmt --from=iec "$MEM") / NODES))
	for ((node = 0; node < NODES; node++)); do
		echo -object "memory-backend-ram,id=node$node,size=$share"
		range=$((node * cpus_each))-$(((node + 1) * cpus_each - 1))
		echo -numa "node,nodeid=$node,memdev=node$node,cpus=$range"
	done
}

machine_qemu()
{
	local work=$1 flags words

	image_pack "$work/rootfs" "$work/initrd"
	if [ "$ICOUNT" = yes ]; then
		flags=(-accel tcg -icount "shift=0,sleep=off" -smp 1 -cpu max)
	elif [ "${SPANHEAP_KVM:-0}" = 1 ]; then
		flags=(-accel kvm -smp "$CPUS,sockets=$NODES" -cpu host)
	else
		flags=(-accel "tcg,thread=$THREADS" -smp "$CPUS,sockets=$NODES" -cpu "$CPU")
	fi
	# shellcheck disable=SC2207	# words
	flags+=($(numa_flags))
	# A busy host delivers timer interrupts too late for the kernel's check.
	words="console=ttyS0 panic=-1 no_timer_check SPANHEAP_RESULTS=ttyS2 $patience"
	words+=" sysctl.kernel.hung_task_timeout_secs=600 $APPEND"

	exec timeout --foreground -k 5 "$limit" qemu-system-x86_64 \
		"${flags[@]}" -m "$MEM" -nodefaults -no-user-config -display none -no-reboot \
		-kernel "$IMAGE" -initrd "$work/initrd" -append "$words" \
		-serial "file:$work/console.log" -serial "file:$work/output" \
		-serial "file:$work/results.tar" </dev/null
}

machine_uml()
{
	local work=$1 shm
	local words=("mem=$MEM" seccomp=on "ncpus=$CPUS" rootfstype=hostfs
		"rootflags=$work/rootfs" rw init=/init panic=-1
		con=null "ssl0=null,fd:3" "ssl1=null,fd:4" console=ttyS0
		printk.time=1)

	# Its memory is a file on /dev/shm unless told otherwise; containers
	# often have a small one.
	shm=$(df -B 1 --output=avail /dev/shm 2>/dev/null | tail -n 1) || :
	if [ "${shm:-0}" -lt "$(numfmt --from=iec "$MEM")" ]; then
		export TMPDIR=$work
	fi
	# shellcheck disable=SC2086	# words
	exec timeout --foreground -k 5 "$limit" "$IMAGE" "${words[@]}" $patience $APPEND \
		</dev/null 3>"$work/console.log" 4>"$work/output"
}

# stop_when_silent PID WORKDIR: end the machine when its kernel and its script have
# written nothing for $silence seconds. They are counted, not read from a clock: a
# host that stands still lets time pass as well.
stop_when_silent()
{
	local pid=$1 work=$2 size last='' seconds=0

	while sleep 1 && kill -0 "$pid" 2>/dev/null; do
		size=$(stat -c %s "$work/console.log" "$work/output" 2>/dev/null) || :
		seconds=$((seconds + 1))
		[ "$size" = "$last" ] || seconds=0
		last=$size
		if [ "$seconds" -ge "$silence" ]; then
			touch "$work/silent"
			kill "$pid"
			return
		fi
	done
}

# machine_watch PID WORKDIR: show output until the machine stops, collect the
# results, return the status of the script.
machine_watch()
{
	local pid=$1 work=$2 status=0

	touch "$work/output"
	[ "$silence" -eq 0 ] || stop_when_silent "$pid" "$work" >/dev/null 2>&1 8>&- &
	if [ "$quiet" = no ]; then
		tail -n +1 -s 0.2 -f --pid="$pid" "$work/output"
	fi
	wait "$pid" || status=$?

	if [ "$KARCH" = um ]; then
		cp -a "$work/rootfs/results/." "$work/results/"
	else
		tar -xf "$work/results.tar" -C "$work/results" 2>/dev/null || :
	fi
	rm -rf "$work/rootfs" "$work/initrd" "$work/results.tar"

	if [ -s "$work/results/exit-status" ]; then
		return "$(cat "$work/results/exit-status")"
	elif [ -e "$work/silent" ]; then
		return 123
	elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		return 124
	fi
	return 125
}
