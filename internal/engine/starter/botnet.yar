rule botnet_mirai_xor_credentials
{
    meta:
        description = "Mirai password list, each character XORed with 0x22 as in the published source"
        reference = "https://github.com/jgamblin/Mirai-Source-Code"
        family = "mirai"
        severity = "critical"
        category = "botnet"
    strings:
        $p1 = "\x78c3511" xor(0x22)
        $p2 = "\x76izxv" xor(0x22)
        $p3 = "\x6Auantech" xor(0x22)
        $p4 = "7\x75jMko0" xor(0x22)
        $p5 = "\x78mhdipc" xor(0x22)
        $p6 = "\x6Blv123" xor(0x22)
        $p7 = "\x68i3518" xor(0x22)
        $p8 = "\x47MB182" xor(0x22)
        $p9 = "\x5Ate521" xor(0x22)
        $p10 = "\x6Avbzd" xor(0x22)
        $p11 = "\x69kwb" xor(0x22)
        $p12 = "\x72ealtek" xor(0x22)
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and 4 of them
}

rule botnet_mirai_xor_table
{
    meta:
        description = "Mirai's table of strings, XORed with 0x22"
        reference = "https://github.com/jgamblin/Mirai-Source-Code"
        family = "mirai"
        severity = "critical"
        category = "botnet"
    strings:
        $t1 = "\x2Fdev/watchdog" xor(0x22)
        $t2 = "\x2Fdev/misc/watchdog" xor(0x22)
        $t3 = "\x2Fbin/busybox " xor(0x22)
        $t4 = "\x61pplet not found" xor(0x22)
        $t5 = "\x6Cistening tun0" xor(0x22)
        $t6 = "\x54Source Engine Query" xor(0x22)
        $t7 = "\x6Ecorrect" xor(0x22)
        $t8 = "\x61ssword" xor(0x22)
        $t9 = "\x2Fproc/net/tcp" xor(0x22)
        $t10 = "\x65nable" xor(0x22)
        $t11 = "\x67osh that chinese family" xor(0x22)
        $t12 = "\x2Fmaps" xor(0x22)
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and 4 of them
}

rule botnet_mirai_xor_other_key
{
    meta:
        description = "Mirai's table of strings under the keys of its later variants"
        reference = "https://github.com/jgamblin/Mirai-Source-Code"
        family = "mirai"
        severity = "high"
        category = "botnet"
    strings:
        $busybox_04 = "\x2Fbin/busybox " xor(0x04)
        $watchdog_04 = "\x2Fdev/watchdog" xor(0x04)
        $busybox_37 = "\x2Fbin/busybox " xor(0x37)
        $watchdog_37 = "\x2Fdev/watchdog" xor(0x37)
        $busybox_45 = "\x2Fbin/busybox " xor(0x45)
        $watchdog_45 = "\x2Fdev/watchdog" xor(0x45)
        $busybox_54 = "\x2Fbin/busybox " xor(0x54)
        $watchdog_54 = "\x2Fdev/watchdog" xor(0x54)
        $busybox_59 = "\x2Fbin/busybox " xor(0x59)
        $watchdog_59 = "\x2Fdev/watchdog" xor(0x59)
        $busybox_66 = "\x2Fbin/busybox " xor(0x66)
        $watchdog_66 = "\x2Fdev/watchdog" xor(0x66)
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 512KB and 2 of them
}

rule botnet_mirai_plain_credentials
{
    meta:
        description = "Telnet scanner with the factory passwords Mirai made known"
        reference = "https://attack.mitre.org/techniques/T1110/"
        family = "mirai"
        severity = "critical"
        category = "botnet"
    strings:
        $p1 = "\x78c3511" fullword
        $p2 = "\x76izxv" fullword
        $p3 = "\x6Auantech" fullword
        $p4 = /7ujMko0(admin|vizxv)/
        $p5 = "\x78mhdipc" fullword
        $p6 = "\x6Blv1234" fullword
        $p7 = "\x68i3518" fullword
        $p8 = "\x47M8182" fullword
        $p9 = "\x5Ate521" fullword
        $p10 = "\x6Avbzd" fullword
        $p11 = "\x61nko" fullword
        $p12 = "\x7Alxx." fullword
        $p13 = "\x74sgoingon" fullword
        $p14 = "\x6Deinsm" fullword
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and 5 of them
}

rule botnet_mirai_symbols
{
    meta:
        description = "Mirai variant shipped with its symbols"
        reference = "https://github.com/jgamblin/Mirai-Source-Code"
        family = "mirai"
        severity = "critical"
        category = "botnet"
    strings:
        $s1 = "\x61ttack_udp_plain"
        $s2 = "\x61ttack_tcp_syn"
        $s3 = "\x61ttack_get_opt_int"
        $s4 = "\x61ttack_udp_vse"
        $s5 = "\x6Biller_kill_by_port"
        $s6 = "\x74able_unlock_val"
        $s7 = "\x73canner_kill"
        $s8 = "\x72esolv_domain_to_hostname"
        $s9 = "\x61ttack_gre_ip"
        $s10 = "\x72and_alphastr"
        $s11 = "\x61ttack_method_udp"
        $s12 = "\x65nsure_single_instance"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and 5 of them
}

rule botnet_mirai_busybox_probe
{
    meta:
        description = "Telnet brute forcer that proves a shell by a made-up BusyBox applet"
        reference = "https://github.com/jgamblin/Mirai-Source-Code"
        family = "mirai"
        severity = "high"
        category = "botnet"
    strings:
        $probe = /\/bin\/busybox [A-Z]{4,12}(\x0d\x0a|\x0a|\x00)/
        $answer = /[A-Z]{4,12}: applet not found/
        $enable = /\x00enable(\x0d?\x0a)?\x00/
        $system = /\x00(system|linuxshell|development)(\x0d?\x0a)?\x00/
        $shell = /\x00(shell|sh)(\x0d?\x0a)?\x00/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and $probe and $answer and 1 of ($enable, $system, $shell)
}

rule botnet_iot_exploit_paths
{
    meta:
        description = "Program that carries requests for several holes in routers and cameras"
        reference = "https://attack.mitre.org/techniques/T1210/"
        family = "mirai"
        severity = "critical"
        category = "botnet"
    strings:
        $e1 = "\x2Fsetup.cgi?next_file=netgear.cfg"
        $e2 = "\x2FGponForm/diag_Form"
        $e3 = "\x2FHNAP1/"
        $e4 = "\x2FUD/act?1"
        $e5 = "\x2Fpicsdesc.xml"
        $e6 = "\x2Fctrlt/DeviceUpgrade_1"
        $e7 = "\x2FtmUnblock.cgi"
        $e8 = "\x2Fcgi-bin/ViewLog.asp"
        $e9 = "\x2Fshell?cd+/tmp"
        $e10 = "\x2Fwanipcn.xml"
        $e11 = "\x2Fboaform/admin/formLogin"
        $e12 = "\x2Flanguage/Swedish${IFS}"
        $e13 = "\x2Fcgi-bin/;cd"
        $e14 = "\x2Fgoform/set_LimitClient_cfg"
        $e15 = "\x2Fsoap.cgi?service=WANIPConn1"
        $fetch = /(\x77get|tftp|busybox)[ +$%{]/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and $fetch and 3 of ($e*)
}

rule botnet_gafgyt_commands
{
    meta:
        description = "Gafgyt (BASHLITE, Qbot): its command words and answers"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "gafgyt"
        severity = "critical"
        category = "botnet"
    strings:
        $c1 = "\x47ETLOCALIP"
        $c2 = "\x4COLNOGTFO"
        $c3 = "\x4BILLATTK"
        $c4 = "\x53CANNER ON | OFF"
        $c5 = "\x4Dy IP: %s"
        $c6 = "\x50ONG!"
        $c7 = "\x52EPORT %s:%s:%s"
        $c8 = "\x46ailed opening raw socket."
        $c9 = "\x4AUNK Flooding %s"
        $c10 = "\x48OLD Flooding"
        $c11 = "\x55DP Flooding %s for %d seconds."
        $c12 = "\x41lready scanning."
        $c13 = "\x4Billed %d."
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and 4 of them
}

rule botnet_gafgyt_echo_marker
{
    meta:
        description = "Gafgyt's proof of a shell: its own name echoed in octal"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "gafgyt"
        severity = "critical"
        category = "botnet"
    strings:
        $octal = /\\{1,2}147\\{1,2}141\\{1,2}171\\{1,2}146\\{1,2}147\\{1,2}164/
        $echo = "\x62usybox"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and $octal and $echo
}

rule botnet_tsunami_irc
{
    meta:
        description = "Tsunami (Kaiten): the help lines of its IRC commands"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "tsunami"
        severity = "critical"
        category = "botnet"
    strings:
        $h1 = "\x4EOTICE %s :TSUNAMI <target> <secs>"
        $h2 = "\x4EOTICE %s :PAN <target> <port> <secs>"
        $h3 = "\x4EOTICE %s :UNKNOWN <target> <secs>"
        $h4 = "\x4EOTICE %s :GETSPOOFS"
        $h5 = "\x4EOTICE %s :Kaiten wa goraku"
        $h6 = "\x4EOTICE %s :Tsunami heading for %s."
        $h7 = "\x4EOTICE %s :Panning %s."
        $h8 = "\x4EOTICE %s :Unable to comply."
        $h9 = "\x4EOTICE %s :What kind of subnet address is that? Do something like: 169.40"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and 2 of them
}

rule botnet_tsunami_generic_irc
{
    meta:
        description = "IRC client with attack commands and a shell"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "tsunami"
        severity = "high"
        category = "botnet"
    strings:
        $nick = /\x4EICK %s\x0a/
        $user = /\x55SER %s (localhost localhost|\S{1,12} \S{1,12}) :/
        $notice = "\x4EOTICE %s :"
        $flood = /(\x66lood|spoof|synflood|udpflood|std flood|Nick cannot be larger)/ nocase
        $shell = /(\x65xport PATH=|\/bin\/sh|PRIVMSG %s :)/
        $kill = /\x4EOTICE %s :(Killing|Removed all spoofs|Nick|Spoofs?|DISABLE|ENABLE|Receiving file|Saved as)/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and $nick and $user and #notice > 5 and $shell and ($flood or $kill)
}

rule botnet_muhstik
{
    meta:
        description = "Muhstik, a Tsunami relative that spreads through web application holes"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "muhstik"
        severity = "critical"
        category = "botnet"
    strings:
        $name = "\x6Duhstik" nocase
        $scan = "\x6Duhstik-SCAN"
        $notice = "\x4EOTICE %s :"
        $dropped = /(\/pty[0-9]{1,2}|\x73trx86|\.\x7886_64.nick|\/dev\/shm\/pty)/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and $name and ($scan or $notice or $dropped)
}

rule botnet_mozi
{
    meta:
        description = "Mozi: a peer-to-peer botnet over BitTorrent's distributed hash table"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "mozi"
        severity = "critical"
        category = "botnet"
    strings:
        $self_m = "\x4Dozi.m"
        $self_a = "\x4Dozi.a"
        $node = "\x64ht.transmissionbt.com"
        $router = "\x72outer.bittorrent.com"
        $utorrent = "\x72outer.utorrent.com"
        $find = "1:\x719:find_node"
        $cnc = /\[(cnc|atk|dr|ud|ss|hp|nd|count)\]/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and any of ($self*) and 2 of ($node, $router, $utorrent, $find, $cnc)
}

rule botnet_xorddos
{
    meta:
        description = "XorDDoS: its string key and the files it keeps itself alive with"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "xorddos"
        severity = "critical"
        category = "botnet"
    strings:
        $key = "\x42B2FA36AAA9541F0"
        $cron = "\x2Fetc/cron.hourly/gcc.sh"
        $cron_udev = "\x2Fetc/cron.hourly/udev.sh"
        $lib = /\/lib\/(libudev4?\.so|udev\/udev|libgcc4?\.so)(\.6)?/
        $rs = "\x2Fproc/rs_dev"
        $hide = /\x48idePidPort|rootkit_(hide|control|check)/
        $flood = /(\x73yn|dns|ack)_?flood/ nocase
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and (($key and 1 of ($cron, $cron_udev, $lib, $rs, $hide, $flood)) or ($rs and 2 of ($cron, $cron_udev, $lib, $hide)))
}

rule botnet_billgates
{
    meta:
        description = "BillGates and Elknot: lock files, hidden daemons and class names"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "billgates"
        severity = "critical"
        category = "botnet"
    strings:
        $gates = "\x2Ftmp/gates.lod"
        $moni = "\x2Ftmp/moni.lod"
        $getty = "\x2Fusr/bin/bsd-port/getty"
        $sshd = "\x2Fusr/bin/.sshd"
        $service = "\x44bSecuritySpt"
        $gate_file = "\x2Ftmp/bill.lock"
        $class_udp = "\x43AttackUdp"
        $class_syn = "\x43AttackSyn"
        $class_base = "\x43ThreadAttack"
        $class_dns = "\x43AttackDns"
        $class_update = "\x43UpdateGates"
        $class_bill = "\x43UpdateBill"
        $fake = "\x66ake.cfg"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and 3 of them
}

rule botnet_kinsing_elf
{
    meta:
        description = "Kinsing: a Go program that spreads, guards a miner and takes tasks"
        reference = "https://attack.mitre.org/software/S0599/"
        family = "kinsing"
        severity = "critical"
        category = "botnet"
    strings:
        $proc = "\x6Bdevtmpfsi"
        $f1 = "\x6Dain.redisBrute"
        $f2 = "\x6Dain.getMinerPid"
        $f3 = "\x6Dain.minerRunningCheck"
        $f4 = "\x6Dain.isMinerRunning"
        $f5 = "\x6Dain.backconnect"
        $f6 = "\x6Dain.taskWithWorker"
        $f7 = "\x6Dain.masscan"
        $f8 = "\x6Dain.checkHealth"
        $f9 = "\x6Dain.minRun"
        $f10 = "\x6Dain.syncCmd"
        $f11 = "\x6Dain.downloadAndExecute"
        $go = "\x67o.buildid"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and (($proc and 2 of ($f*)) or 5 of ($f*) or ($proc and $go and 1 of ($f*)))
}

rule botnet_rapperbot
{
    meta:
        description = "RapperBot: SSH brute forcing with its own client banner"
        reference = "https://attack.mitre.org/techniques/T1110/"
        family = "rapperbot"
        severity = "critical"
        category = "botnet"
    strings:
        $banner = "\x53SH-2.0-HELLOWORLD"
        $key = "\x68elloworld"
        $keys = "\x2Essh/authorized_keys"
        $ssh = "\x64iffie-hellman-group"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and $banner and any of ($key, $keys, $ssh)
}

rule botnet_perl_irc
{
    meta:
        description = "Perl IRC bot (ShellBot, PBot): joins a channel, scans, floods and runs commands"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "shellbot"
        severity = "critical"
        category = "botnet"
    strings:
        $b1 = /\$linas_max\s{0,2}=/
        $b2 = /(my\s{1,2})?@(adms|canais|rps|auth|nickname|chanlist)\s{0,2}=\s{0,2}\(/
        $b3 = /sub (conectar|sendraw|bfunc|DCC::|tcpflooder|udpflooder|attacker|ircase|shell)\b/
        $b4 = /\b(PRIVMSG|NICK|JOIN)\b/
        $b5 = /(portscan|tcpflood|udpflood|httpflood|googlescan|sqlflood|nmap)/
        $b6 = /\$\s?0\s{0,2}=\s{0,2}["']?\$(processo|process|fakeproc)/
        $b7 = /IO::Socket::INET|use Socket/
        $b8 = /SIG\{['"]?(INT|HUP|TERM|CHLD|PS)['"]?\}\s{0,2}=\s{0,2}['"]IGNORE['"]/
    condition:
        uint16be(0) == 0x2321 and filesize < 256KB and $b4 and $b7 and 4 of ($b1, $b2, $b3, $b5, $b6, $b8)
}

rule botnet_php_irc
{
    meta:
        description = "PHP IRC bot (pBot): floods and runs commands for a channel"
        reference = "https://attack.mitre.org/techniques/T1498/"
        family = "pbot"
        severity = "critical"
        category = "botnet"
    strings:
        $class = /class\s{1,4}(pBot|IRCBot|PHPBot|pbot)\b/ nocase
        $flood = /function\s{1,4}(udpflood|tcpflood|httpflood|synflood|slowread|conback|portscan)\s{0,2}\(/
        $irc = /(PRIVMSG|NICK |JOIN )/
        $auth = /(hostauth|trigger|maxrand|nickform|identp)['"]?\s{0,2}=>/
        $exec = /\b(shell_exec|passthru|popen|proc_open|system|exec)\s{0,2}\(/
    condition:
        gate_php and filesize < 256KB and $irc and $exec and 2 of ($class, $flood, $auth)
}
