# SPDX-License-Identifier: Apache-2.0
# A command that is talked to over a pipe, events of timers, and commands that are waited for.
set worker [open "|sed -u s/7/seven/" r+]
fconfigure $worker -buffering line
set all 0
for {set i 0} {$i < 1500} {incr i} {
  puts $worker $i
  gets $worker line
  set all [expr {($all * 31 + [string length $line] + [scan $line %c]) % 1000000007}]
}
close $worker
set ticks 0
proc tick {} { global ticks; incr ticks; if {$ticks < 40} {after 10 tick} else {set ::done 1} }
after 10 tick
vwait done
puts "$all $ticks [exec seq 1 5000 | sort -rn | md5sum]"
