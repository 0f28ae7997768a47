# Runs units of Redis' own test suite against duet-server; redis_suite.py starts it and judges.
#
#   cd <Redis' source>; tclsh redis_suite.tcl <duet-server> <scratch directory> \
#       <skipped test>... -- <unit>...
#
# The suite's own driver is loaded without its last part, its main loop, and these are redefined:
#   start_server    a fresh duet-server for each block, nested ones too, so that no test can see
#                   what another left behind, and those that want a process of their own can run.
#                   What the block overrides becomes a flag where duet-server has one of that name,
#                   else CONFIG SET. A setting that Duet does not have is reported, and the block
#                   goes on: its tests show what they need.
#   test            after a failure the block gets a new connection, which speaks the protocol of the
#                   old one: that may be anywhere in a conversation.
#   blocks, files   a command between two tests that fails is an error of its own, and the tests
#                   behind it run.
# What happens is told on standard output, a line an event: "@@" TAB kind TAB text, with \n, \t and
# \\ for newline, tab and backslash. Kinds: testing, ok, err, skip, ignore, outside, note, unit.

proc event {kind text} {
    puts "@@\t$kind\t[string map [list \\ \\\\ \n \\n \t \\t] $text]"
    flush stdout
}

set separator [lsearch -exact $argv --]
set duet_server [lindex $argv 0]
set duet_scratch [lindex $argv 1]
set duet_skipped [lrange $argv 2 [expr {$separator - 1}]]
set duet_units [lrange $argv [expr {$separator + 1}] end]
set duet_flags [exec $duet_server --help]
set duet_servers 0  ;# started so far

set argv {--clients 1 --durable}
set helper [open tests/test_helper.tcl]
set helper_text [read $helper]
close $helper
set main_loop [string last "\nif {\$::client} {" $helper_text]
if {$main_loop < 0} {error "tests/test_helper.tcl does not end as that of Redis 7.0 does"}
eval [string range $helper_text 0 $main_loop]
set ::skiptests $duet_skipped
set ::test_server_fd duet
set taken_port [socket -server list -myaddr 127.0.0.1 0]  ;# for tests that ask for one that is
set ::test_server_port [lindex [fconfigure $taken_port -sockname] 2]
fconfigure stdout -encoding utf-8 -translation lf

proc send_data_packet {fd status data {elapsed 0}} {
    if {$status eq {err} && $::cur_test eq {}} {set status outside}
    event $status $data
}

# The commands of a script, each with its newline.
proc commands_of {script} {
    set commands {}
    set pending {}
    foreach line [split $script \n] {
        append pending $line \n
        if {[info complete $pending] && ![string match "*\\\\\n" $pending]} {
            lappend commands $pending
            set pending {}
        }
    }
    if {[string trim $pending] ne {}} {lappend commands $pending}
    return $commands
}

# Runs a script in the caller's frame. Between tests, a command that fails does not end it.
proc run_each {script} {
    if {$::cur_test ne {}} {
        return [uplevel 1 $script]
    }
    foreach command [commands_of $script] {
        if {[catch {uplevel 1 $command} failure options] && [dict get $options -code] == 1} {
            event outside "[lindex [split [string trim $command] \n] 0]\n$failure\n$::errorInfo"
        }
    }
}

rename tags suite_tags
proc tags {tags code} {
    uplevel 1 [list suite_tags $tags [list run_each $code]]
}

# The RESP version that the block's client speaks, as the server tells another one.
proc client_protocol {} {
    set port [lindex [fconfigure [r channel] -sockname] 2]
    set other [redis [srv host] [srv port] 0 $::tls]
    set clients [$other client list]
    $other close
    regexp -line "^id=\\d+ addr=\[^ \]*:$port .* resp=(\\d)" $clients -> protocol
    return $protocol
}

# A test that failed may have left tracking on in a client that others go on with, whose replies
# they then mistake the invalidations for.
proc stop_tracking {} {
    foreach {id deferred} [array get ::redis::deferred] {
        if {!$deferred} {catch {::redis::redisHandle$id client tracking off}}
    }
}

rename test suite_test
proc test {name args} {
    set failed_before $::num_failed
    set servers_before $::servers
    uplevel 1 [list suite_test $name {*}$args]
    if {$::num_failed != $failed_before && [llength $::servers]} {
        set ::servers $servers_before
        set protocol 2
        catch {set protocol [client_protocol]}
        catch {reconnect}
        if {$protocol == 3} {catch {r hello 3}}
        stop_tracking
    }
}

# Waits for a server to say where it listens; the ports of RESP, gRPC and admin, or an error if it
# ends first.
proc wait_for_ports {pid log} {
    while 1 {
        set file [open $log]
        set text [read $file]
        close $file
        if {[regexp -line {^resp 127\.0\.0\.1:(\d+)} $text -> resp] &&
            [regexp -line {^grpc 127\.0\.0\.1:(\d+)} $text -> grpc] &&
            [regexp -line {^admin 127\.0\.0\.1:(\d+)} $text -> admin]} {
            return [list $resp $grpc $admin]
        }
        if {![file exists /proc/$pid]} {error "duet-server did not start:\n$text"}
        after 5
    }
}

# Starts the server whose flags are in the dictionary, and enters pid, port and pipe in it.
proc launch {srv} {
    set log [dict get $srv stdout]
    close [open $log w]
    set pipe [open [list | $::duet_server {*}[dict get $srv flags] >& $log] w]
    dict set srv pipe $pipe
    dict set srv pid [pid $pipe]
    dict set srv ports [wait_for_ports [pid $pipe] $log]
    dict set srv port [lindex [dict get $srv ports] 0]
    return $srv
}

# Ends a server, and reports one that did not end well.
proc terminate {srv} {
    catch {[dict get $srv client] close}
    catch {exec kill -CONT [dict get $srv pid]}
    catch {exec kill -TERM [dict get $srv pid]}
    if {[catch {close [dict get $srv pipe]} failure options]} {
        set log [open [dict get $srv stdout]]
        event outside "duet-server ended badly\n[dict get $options -errorcode]\n[read $log]"
        close $log
    }
}

proc new_server {overrides} {
    set directory [file join $::duet_scratch [incr ::duet_servers]]
    file mkdir $directory
    set settings [list notify-keyspace-events KEA latency-monitor-threshold 1 databases 16 \
        enable-debug-command yes enable-protected-configs yes {*}$overrides]
    set flags {--bind=127.0.0.1 --resp-port=0 --grpc-port=0 --admin-port=0}
    lappend flags --unixsocket=$directory/socket --config=$directory/duet.conf
    close [open $directory/duet.conf w]
    set later {}
    foreach {name value} $settings {
        if {[regexp -line -- "^ +--${name}\[= \]" $::duet_flags]} {
            lappend flags --$name=$value
        } else {
            dict set later $name $value
        }
    }
    set srv [dict create host 127.0.0.1 flags $flags stdout $directory/log stderr $directory/log \
        config_file $directory/duet.conf unixsocket $directory/socket]
    set srv [launch $srv]
    set config $settings
    dict set config port [dict get $srv port]
    dict set config dir $directory
    dict set srv config $config
    return [list $srv $later]
}

# CONFIG SET of what has no flag. Redis' defaults of the suite are not worth a note.
proc apply_settings {settings overrides} {
    dict for {name value} $settings {
        if {[catch {r config set $name $value} failure] && [dict exists $overrides $name]} {
            event note "CONFIG SET $name $value: $failure"
        }
    }
}

proc start_server {options {code undefined}} {
    set tags {}
    set overrides {}
    foreach {option value} $options {
        switch $option {
            tags {set tags [string map {\" ""} $value]}
            overrides {set overrides $value}
            args - config_lines {
                if {[llength $value]} {error "Redis' command line and file: $value"}
            }
            config - keep_persistence - omit {}
            default {error "Unknown option $option"}
        }
    }
    if {$code eq {undefined}} {error "start_server without code"}
    set tags_before $::tags
    set ::tags [concat $::tags $tags]
    if {![tags_acceptable $::tags why]} {
        send_data_packet duet ignore $why
        set ::tags $tags_before
        return
    }
    lassign [new_server $overrides] srv later
    lappend ::servers $srv
    set depth [llength $::servers]
    reconnect
    apply_settings $later $overrides
    set status [catch {uplevel 1 [list run_each $code]} result options]
    set srv [lindex $::servers $depth-1]
    set ::servers [lrange $::servers 0 $depth-2]
    set ::tags $tags_before
    terminate $srv
    return -options $options $result
}

# On the same ports, as clients expect.
proc restart_server {level wait_ready rotate_logs {reconnect 1} {shutdown sigterm}} {
    set srv [lindex $::servers end+$level]
    terminate $srv
    dict unset srv client
    set flags [lsearch -all -inline -not -regexp [dict get $srv flags] {^--(resp|grpc|admin)-port=}]
    foreach name {resp grpc admin} port [dict get $srv ports] {
        lappend flags --$name-port=$port
    }
    dict set srv flags $flags
    lset ::servers end+$level [launch $srv]
    if {$reconnect} {reconnect $level}
}

# Files that the suite sources itself keep their meaning; units run command by command.
foreach unit $duet_units {
    event unit $unit
    set ::curfile tests/$unit.tcl
    set file [open $::curfile]
    set text [read $file]
    close $file
    uplevel #0 [list run_each $text]
}
