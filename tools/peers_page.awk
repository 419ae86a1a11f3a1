# docs/conformance.md from the reports that tools/peers gathered: awk -f peers_page.awk COLUMNS FOLDER. COLUMNS has a
# line a column: name, version, command, seconds; FOLDER/NAME.tap is its report. MACHINE is the environment's.
BEGIN {
  FS = "\t"
  columns = ARGV[1]
  folder = ARGV[2]
  while ((getline line < columns) > 0) {
    split(line, part, "\t")
    n++
    name[n] = part[1]; version[part[1]] = part[2]; command[part[1]] = part[3]; seconds[part[1]] = part[4]
  }
  for (i = 1; i <= n; ++i) read_report(name[i])
  consequences()
  head(); verdicts(); meanings(); failures(); latencies(); runs()
}

# "ok 12 - group: what", "ok 12 - group # SKIP why", "# latency D0000 rw>ro: 12 ns"
function read_report(who,   file, line, passed, group, what, at) {
  file = folder "/" who ".tap"
  while ((getline line < file) > 0) {
    sub(/\r$/, "", line)
    if (match(line, /^# latency .*: [0-9]+ ns$/)) {
      what = substr(line, 11); sub(/: [0-9]+ ns$/, "", what)
      sub(/ ns$/, "", line); sub(/^.*: /, "", line)
      if (!(what in seen_time)) { seen_time[what] = 1; time_name[++times] = what }
      time[who, what] = line
    }
    passed = line ~ /^ok [0-9]+ - /
    if (!passed && line !~ /^not ok [0-9]+ - /) continue
    sub(/^(not )?ok [0-9]+ - /, "", line)
    group = line; sub(/[: ].*$/, "", group)
    if (!(group in seen_group)) { seen_group[group] = 1; group_name[++groups] = group }
    if (passed && line ~ / # SKIP /) { sub(/^.* # SKIP /, "", line); skipped[who, group] = line; continue }
    total[who, group]++; total[who, "all"]++
    if (passed) { good[who, group]++; good[who, "all"]++; continue }
    failed_by[group] = failed_by[group] (failed_by[group] ~ who ? "" : " " who)
    if (!((who, group) in first_failure)) first_failure[who, group] = line
  }
  close(file)
}

function consequences() {
  means["pam-read"] = "the guest reads other bytes than the state says: a ROM that should show is hidden, or RAM shows where a card's memory should"
  means["pam-write"] = "writes reach what should be protected, or do not reach shadow RAM"
  means["pam-fetch"] = "code that was replaced runs on, or other code runs than is read"
  means["pam-history"] = "what was written in one state is not there in a later one"
  means["pam-config"] = "software that reads back what it wrote, or writes a few registers at once, is misled"
  means["shadow"] = "ROM cannot be copied onto itself, as BIOSes of the time do in state 10"
  means["rmw"] = "an instruction that reads ROM and writes the RAM behind leaves something else there"
  means["neighbours"] = "a change of one segment changes another"
  means["walk"] = "any of the above, in random order"
  means["firmware"] = "a BIOS cannot shadow itself, or its shadow is not protected"
  means["rom"] = "the ROM below 4 GiB can be changed, or the RAM behind is written by writes to it"
  means["code"] = "programs that patch themselves in shadow RAM crash, or patch what is protected"
  means["stack"] = "a stack or an interrupt table in shadow RAM does not hold, or is not protected"
  means["string-io"] = "a disk driver that reads a port into a protected segment writes there, or loses data elsewhere"
  means["descriptors"] = "a descriptor table in shadow RAM changes where it is protected, or cannot be loaded"
  means["config-decode"] = "drivers find devices that are not there, or registers change by accesses that are not the bridge's"
  means["hole"] = "an ISA card cannot have its memory at 512K or 15M"
  means["sizing"] = "firmware that sizes memory by the row registers finds another amount"
  means["tom"] = "memory above the top that firmware set is seen"
  means["smram"] = "a system management handler cannot be put in place, or can be seen when it is closed"
  means["hseg"] = "likewise, for handlers above 256 MiB"
  means["tseg"] = "likewise, for handlers at the top of memory"
  means["alias"] = "memory that is seen at two addresses is not the same at both"
  means["devices"] = "a PCI card's ROM below 1 MiB cannot be read, or hides DRAM"
  means["bus-master"] = "a device's DMA overwrites shadow RAM that is protected"
  means["a20"] = "a program of real mode that counts on the first megabyte again above it reads and writes elsewhere"
  means["latency"] = "clocks cannot be trusted, or many changes damage memory"
  means["lock"] = "whatever runs in the guest can open system management memory: not a place for secrets"
  means["init"] = "a program that resets the processor alone, to leave protected mode, loses its memory map, or opens locked SMRAM"
  means["reset"] = "after a reset the ROM is not there: firmware has to find its own copy"
  means["port-cycles"] = "an access that only touches CF9h resets the machine, or one to it does not"
}

function row(text) { return "| " text " |" }
function rule(columns,   text, i) { text = "|---|"; for (i = 1; i < columns; ++i) text = text "---|"; return text }
function heads(first,   text, i) { text = "| " first " |"; for (i = 1; i <= n; ++i) text = text " " name[i] " |"; return text }
function cell(who, group,   g) {
  if (!total[who, group]) return "-"
  g = good[who, group] + 0
  return g == total[who, group] ? g : "**" g "**/" total[who, group]
}

function head() {
  print "# Who does what the data sheets say"
  print ""
  print "Written by `tools/peers`, which runs the conformance ROM ([guest/README.md](../guest/README.md) has its groups) on each column in one"
  print "sitting; no figure is typed. Machine: " ENVIRON["MACHINE"] "."
  print ""
  if (!first_on_kvm()) {
    print "On KVM: [conformance-kvm.md](conformance-kvm.md)."
    print ""
  } else if (ENVIRON["MACHINE"] ~ /emulated/) {
    print "The processor under this KVM was emulated. Verdicts can be compared with others, for KVM is that of the Linux named above; times cannot:"
    print "what is counted is the instructions of all that ran, guest, KVM and monitor, and not what an exit or a flush costs a processor."
    print ""
  }
}

function verdicts(   i, g, text) {
  print "## Checks passed, by group"
  print ""
  print "One number: all of them passed. **Passed**/total otherwise; - was skipped. `lowmeg-hyperv` promises the group firmware alone."
  print ""
  print heads("group"); print rule(n + 1)
  for (g = 1; g <= groups; ++g) {
    text = "| " group_name[g] " |"
    for (i = 1; i <= n; ++i) text = text " " cell(name[i], group_name[g]) " |"
    print text
  }
  text = "| all |"
  for (i = 1; i <= n; ++i) text = text " " cell(name[i], "all") " |"
  print text
  print ""
}

function meanings(   g, group) {
  print "## What a failure means for a user"
  print ""
  print row("group | fails on | so"); print rule(3)
  for (g = 1; g <= groups; ++g) {
    group = group_name[g]
    if (group in failed_by) print row(group " |" failed_by[group] " | " means[group])
  }
  print ""
}

function failures(   i, g) {
  print "## The first check of each group that fails, and what was skipped"
  print ""
  for (i = 1; i <= n; ++i) {
    if (name[i] ~ /^lowmeg-hyperv/) continue
    print "**" name[i] "**"
    print ""
    for (g = 1; g <= groups; ++g) {
      if ((name[i], group_name[g]) in first_failure) print "* " first_failure[name[i], group_name[g]]
      if ((name[i], group_name[g]) in skipped) print "* " group_name[g] " skipped: " skipped[name[i], group_name[g]]
    }
    print "* all else passed"
    print ""
  }
}

# Nanoseconds; on KVM, behind them, how many times those of Lowmeg's first column on KVM.
function latencies(   t, i, base, text, value) {
  print "## Latencies"
  print ""
  print "Nanoseconds as the guest measures them. On KVM the number in brackets is how many times it is Lowmeg's first column on KVM. A change is the"
  print "median of 15; 1000 accesses are one measurement. Lowmeg's software CPU and Bochs count instructions as time, QEMU's TCG shows the"
  print "host's clock: their columns cannot be compared with each other."
  if (first_on_kvm()) {
    print "The groups before this one write to read-only memory in all segments: lowmeg-kvm-protect has taken read-only slots for what they wrote to,"
    print "and goes back to protection change by change. What a change costs a guest that does no such thing is in [reference/kvm.md](reference/kvm.md)."
  }
  print ""
  print heads("what"); print rule(n + 1)
  for (t = 1; t <= times; ++t) {
    text = "| " time_name[t] " |"
    for (i = 1; i <= n; ++i) {
      value = time[name[i], time_name[t]]
      base = name[i] ~ /kvm/ ? time[first_on_kvm(), time_name[t]] : 0
      if (value == "") text = text " - |"
      else if (base + 0 > 0 && name[i] != first_on_kvm()) text = text sprintf(" %d (%.1f) |", value, value / base)
      else text = text sprintf(" %d |", value)
    }
    print text
  }
  print ""
}
function first_on_kvm(   i) {
  for (i = 1; i <= n; ++i) if (name[i] ~ /^lowmeg-kvm/) return name[i]
  return ""
}

function runs(   i) {
  print "## What was run"
  print ""
  print "`conformance.bin` is the build's `guest/conformance/conformance.bin`; the configuration files of Bochs are in `tools/peers`."
  print ""
  print row("column | version | command | seconds"); print rule(4)
  for (i = 1; i <= n; ++i) print row(name[i] " | " version[name[i]] " | `" escaped(command[name[i]]) "` | " seconds[name[i]])
}
function escaped(text) { gsub(/\|/, "\\|", text); return text }
