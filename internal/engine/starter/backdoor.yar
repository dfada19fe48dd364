rule backdoor_mokes_spool
{
    meta:
        description = "Mokes: the names under which it keeps screenshots, sound, keystrokes and files"
        reference = "https://securelist.com/from-linux-to-windows-new-family-of-cross-platform-desktop-backdoors-discovered/73503/"
        family = "mokes"
        severity = "critical"
        category = "backdoor"
    strings:
        $ss = "\x73s0-" ascii wide
        $aa = "\x61a0-" ascii wide
        $kk = "\x6Bk0-" ascii wide
        $dd = "\x64d0-" ascii wide
        $sst = "\x2Esst" ascii wide
        $aat = "\x2Eaat" ascii wide
        $kkt = "\x2Ekkt" ascii wide
        $ddt = "\x2Eddt" ascii wide
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe or uint32be(0) == 0xCFFAEDFE or uint32be(0) == 0xCEFAEDFE) and filesize < 32MB and
        3 of ($ss, $aa, $kk, $dd) and 3 of ($sst, $aat, $kkt, $ddt)
}

rule backdoor_mokes_linux_paths
{
    meta:
        description = "Mokes for Linux: the places it copies itself to and the browser it claims to be"
        reference = "https://securelist.com/from-linux-to-windows-new-family-of-cross-platform-desktop-backdoors-discovered/73503/"
        family = "mokes"
        severity = "critical"
        category = "backdoor"
    strings:
        $profiled = "\x2Emozilla/firefox/profiled" ascii wide
        $dropbox = "\x2Edropbox/DropboxCache" ascii wide
        $agent = "\x43hrome/41.0.2227.0 Safari/537.36" ascii wide
        $autostart = "\x2Econfig/autostart" ascii wide
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and ($profiled or $dropbox) and 2 of them
}

rule backdoor_mokes_macos_paths
{
    meta:
        description = "Mokes for macOS: the library folders it hides in"
        reference = "https://attack.mitre.org/techniques/T1036/005/"
        family = "mokes"
        severity = "critical"
        category = "backdoor"
    strings:
        $store = "\x4Cibrary/App Store/storeuserd" ascii wide
        $spotlight = "\x63om.apple.spotlight/SpotlightHelper" ascii wide
        $dock = "\x44ock/com.apple.dock.cache" ascii wide
        $skype = "\x53kype/SkypeHelper" ascii wide
        $nacl = "\x47oogle/Chrome/nacld" ascii wide
        $firefox = "\x46irefox/Profiles/profiled" ascii wide
    condition:
        (uint32be(0) == 0xCFFAEDFE or uint32be(0) == 0xCEFAEDFE or uint32be(0) == 0xCAFEBABE) and filesize < 64MB and 3 of them
}

rule backdoor_bpfdoor
{
    meta:
        description = "BPFDoor: lock file, borrowed process names and the packet-filter door"
        reference = "https://attack.mitre.org/techniques/T1205/002/"
        family = "bpfdoor"
        severity = "critical"
        category = "backdoor"
    strings:
        $pid = "\x2Fvar/run/haldrund.pid"
        $shm = "\x2Fdev/shm/%s"
        $copy = "\x2Fdev/shm/kdmtmpflush"
        $rule = "-\x74 nat -D PREROUTING -p tcp -s %s --dport %d -j REDIRECT --to-ports %d"
        $hald = "\x68ald-addon-acpi: listening on acpi kernel interface /proc/acpi/event"
        $qmgr = "\x71mgr -l -t fifo -u"
        $pickup = "\x70ickup -l -t fifo -u"
        $udev = "\x2Fsbin/udevd -d"
        $dbus = "\x64bus-daemon --system"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and ($pid or $copy or $rule or 2 of ($hald, $qmgr, $pickup)) and 3 of them
}

rule backdoor_tiny_shell
{
    meta:
        description = "Tiny SHell (tsh, Rekoobe): its option text and protocol"
        reference = "https://attack.mitre.org/techniques/T1554/"
        family = "tsh"
        severity = "high"
        category = "backdoor"
    strings:
        $usage_c = "[ -\x73 secret ]"
        $usage_p = "[ -\x70 port ]"
        $usage_cb = "\x63onnect_back_host"
        $password = "\x53erver failed to authenticate"
        $auth = "\x41uthentication failed."
        $getopt = "\x73:p:c::"
        $usage_cl = "<\x68ostname|cb>"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and (2 of ($usage_c, $usage_cb, $usage_cl, $getopt) or ($usage_cl and $auth and $usage_p) or ($password and $usage_p and $usage_c))
}

rule backdoor_ebury_library
{
    meta:
        description = "libkeyutils that opens sockets or shared memory, which the real library never does"
        reference = "https://attack.mitre.org/software/S0377/"
        family = "ebury"
        severity = "critical"
        category = "backdoor"
    strings:
        $api = "\x6Beyctl_instantiate_iov"
        $version = "\x6Beyutils_version_string"
        $n1 = "\x67etaddrinfo" fullword
        $n2 = "\x67ethostbyname" fullword
        $n3 = "\x73hmget" fullword
        $n4 = "\x73hmat" fullword
        $n5 = "\x73ocket" fullword
        $n6 = "\x63onnect" fullword
        $n7 = "\x70open" fullword
        $n8 = "\x65xecve" fullword
        $n9 = "\x77aitpid" fullword
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 3 and filesize < 512KB and $api and $version and 3 of ($n*)
}

rule backdoor_ebury_markers
{
    meta:
        description = "Names that Ebury uses for its hidden socket and library"
        reference = "https://attack.mitre.org/software/S0377/"
        family = "ebury"
        severity = "critical"
        category = "backdoor"
    strings:
        $sock = { 00 2F 70 72 6F 63 2F 75 64 65 76 64 00 }
        $ns2 = "\x6Cibns2.so"
        $ns5 = "\x6Cibns5.so"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 1MB and 2 of them
}

rule backdoor_pam_password_log
{
    meta:
        description = "PAM module that writes user names and passwords to a hidden or temporary file"
        reference = "https://attack.mitre.org/techniques/T1556/003/"
        family = "generic"
        severity = "high"
        category = "backdoor"
    strings:
        $auth = "\x70am_sm_authenticate"
        $get = /\x00(pam_get_authtok|pam_get_item|pam_get_user)\x00/
        $path = /\x00\/(tmp|var\/tmp|dev\/shm)\/[A-Za-z0-9_.-]{2,24}\x00/
        $format = /(%s[:|@ ,=-]{1,4}%s|user(name)?[:= ]{1,3}%s[^\x00]{0,12}pass(word|wd)?[:= ]{1,3}%s)/ nocase
        $open = /\x00(fopen|fopen64|open|open64)\x00/
        $magic = "\x73trcmp" fullword
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 3 and filesize < 256KB and $auth and $get and $open and $format and $magic and $path
}

rule backdoor_openssh_password_log
{
    meta:
        description = "OpenSSH program patched to write down passwords"
        reference = "https://attack.mitre.org/techniques/T1554/"
        family = "generic"
        severity = "critical"
        category = "backdoor"
    strings:
        $name = /\x4FpenSSH_[0-9]{1,2}\.[0-9]/
        $log = /(\x75ser(name)?|login|usr|from|host)[:= ]{1,3}%s[^\x00]{0,24}(pass(word|wd)?|pwd|pw)[:= ]{1,3}%s/ nocase
        $pair = /%s[:@][^\x00]{0,12}-{0,2}>?\s{0,2}%s[:@]%s(\x0a|\x00)/
        $hidden = /\x00\/(usr|var|etc|lib|tmp|dev)\/[a-zA-Z0-9_\/]{0,40}\/\.[A-Za-z0-9_.-]{2,20}\x00/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and $name and ($log or ($pair and $hidden))
}

rule backdoor_xz_hook
{
    meta:
        description = "The machine code of the backdoored liblzma 5.6.0 and 5.6.1"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2024-3094"
        family = "xz"
        severity = "critical"
        category = "backdoor"
    strings:
        $code = { F3 0F 1E FA 55 48 89 F5 4C 89 CE 53 89 FB 81 E7 00 00 00 80 48 83 EC 28 48 89 54 24 18 48 89 4C 24 10 }
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and $code
}

rule backdoor_xz_build_script
{
    meta:
        description = "The build macro that unpacked the liblzma backdoor"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2024-3094"
        family = "xz"
        severity = "critical"
        category = "backdoor"
    strings:
        $swap = /tr\s{1,2}"\\t \\?-_"\s{1,2}" \\t_\\?-"/
        $eval = /gl_(am|path|localedir)_(configmake|map|prefix|config)=/
        $sed = /sed\s{1,2}"?r\\n"?\s/
        $xz = /xz\s{1,2}-d\b/
        $name = "build-to-host.m4"
    condition:
        filesize < 64KB and (uint16be(0) == 0x2320 or uint32be(0) == 0x646E6C20) and $name and $eval and $swap and ($sed or $xz)
}

rule backdoor_vsftpd_234
{
    meta:
        description = "vsftpd 2.3.4 with the smiley door"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2011-2523"
        family = "vsftpd"
        severity = "critical"
        category = "backdoor"
    strings:
        $extra = "\x76sf_sysutil_extra"
        $name = "\x76sftpd"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and $extra and $name
}

rule backdoor_proftpd_133c
{
    meta:
        description = "ProFTPD 1.3.3c with the door of the broken-in mirror"
        reference = "https://attack.mitre.org/techniques/T1554/"
        family = "proftpd"
        severity = "critical"
        category = "backdoor"
    strings:
        $word = "\x41CIDBITCHEZ"
        $name = "\x50roFTPD"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 16MB and all of them
}

rule backdoor_php_user_agentt
{
    meta:
        description = "PHP interpreter built from the backdoored commits of March 2021"
        reference = "https://attack.mitre.org/techniques/T1195/002/"
        family = "php"
        severity = "critical"
        category = "backdoor"
    strings:
        $sold = "\x52EMOVETHIS: sold to zerodium, mid 2017"
        $header = "\x48TTP_USER_AGENTT"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 128MB and all of them
}

rule backdoor_kernel_thread_name
{
    meta:
        description = "Program that names itself like a kernel thread"
        reference = "https://attack.mitre.org/techniques/T1036/005/"
        family = "generic"
        severity = "high"
        category = "backdoor"
    strings:
        $thread = /\x00\[(kworker\/[0-9u]{1,2}:[0-9A-Z]{1,4}(-[a-z_]{2,16})?|kthreadd|ksoftirqd\/0|kswapd0|migration\/0|watchdog\/0|rcu_sched|kauditd|khugepaged|jbd2\/sda1-8|kdevtmpfs|kcached|scsi_tmf_0|bioset)\]\x00/
        $name = /\x00(prctl|daemon|setsid|fork|setproctitle|execve)\x00/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and all of them
}

rule backdoor_gsocket_deploy
{
    meta:
        description = "Script that leaves gs-netcat behind under a borrowed name"
        reference = "https://attack.mitre.org/techniques/T1572/"
        family = "gsocket"
        severity = "medium"
        category = "backdoor"
    strings:
        $gs = /gs-netcat|gsocket\.io\/(x|y|bin)|GS_(ARGS|UNDO|NOCERTCHECK|HOST|PORT|BIN|OSARCH|WEBHOOK_KEY)=/
        $args = /GS(OCKET)?_ARGS=["']?[^\n]{0,60}-[a-zA-Z]{0,4}[liqD]/
        $exec = /exec\s{1,2}-a\s{1,2}["']?\[?[a-zA-Z0-9_\/:.-]{3,24}\]?/
        $hide = /seed=|base64\s{1,2}-d\s{0,2}\|\s{0,2}(ba)?sh\s{0,2}#|(cron|profile|\.bashrc|systemd|rc\.local)/
    condition:
        gate_shell and filesize < 256KB and all of them
}

rule backdoor_suid_shell_installer
{
    meta:
        description = "Script that copies a shell and gives it the set-user-id bit"
        reference = "https://attack.mitre.org/techniques/T1548/001/"
        family = "generic"
        severity = "high"
        category = "backdoor"
    strings:
        $copy = /\bcp\s{1,2}(-[a-z]{1,3}\s{1,2})?\/bin\/(ba|da|z|k)?sh\s{1,2}["']?\/(tmp|var\/tmp|dev\/shm|usr\/(lib|share|bin|sbin|local)|lib|var|home|opt)\/[^\s;&|]{1,60}/
        $mode = /chmod\s{1,2}(u\+s|\+s|ug\+s|[46][0-7]{3})\s{1,2}["']?\/(tmp|var\/tmp|dev\/shm|usr\/(lib|share|bin|sbin|local)|lib|var|home|opt)\/[^\s;&|]{1,60}/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 64KB and all of them
}

rule backdoor_passwd_root_user
{
    meta:
        description = "Script that adds a second user with the id of root"
        reference = "https://attack.mitre.org/techniques/T1136/001/"
        family = "generic"
        severity = "critical"
        category = "backdoor"
    strings:
        $echo = /echo\s{1,2}(-[ne]{1,2}\s{1,2})?["'][a-z_][a-z0-9_.-]{0,31}:[^:\n"']{0,120}:0:0:[^\n"']{0,60}["']\s{0,2}>>\s{0,2}\/etc\/passwd/
        $useradd = /useradd\s[^\n]{0,60}(-o\s[^\n]{0,20}-u\s{0,2}0|-u\s{0,2}0\s[^\n]{0,20}-o|-ou\s{1,2}0)\b/
    condition:
        (gate_shell or gate_crontab or gate_php or gate_python) and filesize < 256KB and any of them
}
