rule rootkit_libprocesshider
{
    meta:
        description = "Preload library that hides a process by filtering /proc"
        reference = "https://attack.mitre.org/techniques/T1014/"
        family = "libprocesshider"
        severity = "critical"
        category = "rootkit"
    strings:
        $readdir = "\x72eaddir" fullword
        $readdir64 = "\x72eaddir64" fullword
        $fd = "\x2Fproc/self/fd/%d"
        $stat = "\x2Fproc/%s/stat"
        $error = "\x45rror in dlsym: %s"
        $filter = "\x70rocess_to_filter"
        $dlsym = "\x64lsym" fullword
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 3 and filesize < 128KB and $dlsym and $readdir and $fd and $stat and ($error or $filter or $readdir64)
}

rule rootkit_preload_hooks
{
    meta:
        description = "Shared library that hooks directory, file and login calls and knows ld.so.preload"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        family = "generic"
        severity = "high"
        category = "rootkit"
    strings:
        $preload = "\x2Fetc/ld.so.preload"
        $dlsym = "\x64lsym" fullword
        $h1 = /\x00readdir(64)?\x00/
        $h2 = /\x00(__)?l?x?stat(64)?\x00/
        $h3 = /\x00fopen(64)?\x00/
        $h4 = /\x00unlink(at)?\x00/
        $h5 = /\x00pam_(authenticate|get_item|sm_authenticate|open_session|acct_mgmt)\x00/
        $h6 = /\x00(accept4?|pcap_loop)\x00/
        $h7 = /\x00(execve|execvp)\x00/
        $h8 = /\x00(getpwnam|getpwnam_r|getspnam|crypt)\x00/
        $n1 = "\x2Fproc/net/tcp"
        $n2 = /\/proc\/(%s|%d|self)\/(stat|cmdline|status|maps|fd)/
        $n3 = /(\x4CD_PRELOAD|ld-linux|ld\.so\.)/
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 3 and filesize < 512KB and $preload and $dlsym and 5 of ($h*) and 2 of ($n*)
}

rule rootkit_azazel
{
    meta:
        description = "Azazel, Jynx and the Winnti preload library made from them"
        reference = "https://attack.mitre.org/techniques/T1014/"
        family = "azazel"
        severity = "critical"
        category = "rootkit"
    strings:
        $hide_please = "\x48IDE_THIS_SHELL"
        $magic = "\x48IDE_THIS_SHELL=please"
        $jynx = "\x58xJynx"
        $parse = "\x70arse_environ"
        $terminal = "\x48ISTFILE=/dev/null"
        $utmp = "\x63lean_wtmp"
        $accept = "\x64rop_shell"
        $port = "\x68ide_ports"
        $ssl = "\x73sl_backdoor"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 2MB and (($hide_please and any of ($terminal, $utmp, $accept, $port, $magic)) or ($jynx and 1 of ($accept, $port, $terminal, $utmp)) or 4 of them or ($parse and 2 of ($accept, $port, $ssl, $utmp)))
}

rule rootkit_diamorphine
{
    meta:
        description = "Diamorphine kernel module"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "diamorphine"
        severity = "critical"
        category = "rootkit"
    strings:
        $name = "\x64iamorphine"
        $init = "\x64iamorphine_init"
        $hide = "\x6Dodule_hide"
        $show = "\x6Dodule_show"
        $root = "\x67ive_root"
        $invisible = "\x69s_invisible"
        $kill = "\x68acked_kill"
        $getdents = "\x68acked_getdents"
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 1 and filesize < 8MB and 3 of them
}

rule rootkit_reptile
{
    meta:
        description = "Reptile kernel module and its loader"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "reptile"
        severity = "critical"
        category = "rootkit"
    strings:
        $khook_ioctl = "\x6Bhook_inet_ioctl"
        $khook_fill = /\x6Bhook_(filldir64|fillonedir|compat_filldir|vfs_statx|next_tgid|find_task_by_vpid|load_elf_binary|tcp4_seq_show|audit_alloc)/
        $invisible = "\x69s_proc_invisible"
        $name = "\x72eptile"
        $shell = "\x2Freptile/reptile_shell"
        $cmd = "\x2Freptile/reptile_cmd"
        $start = "\x72eptile_start"
        $authcode = "\x68ax0r"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and ($khook_ioctl or $shell or $cmd or ($khook_fill and $invisible) or ($name and $start and $authcode))
}

rule rootkit_suterusu_adore
{
    meta:
        description = "Suterusu and adore-ng kernel modules"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "suterusu"
        severity = "critical"
        category = "rootkit"
    strings:
        $s1 = "\x68ijack_start"
        $s2 = "\x68ijack_stop"
        $s3 = "\x68ide_tcp4_port"
        $s4 = "\x75nhide_tcp4_port"
        $s5 = "\x68ide_udp6_port"
        $s6 = "\x6E_root_iterate"
        $a1 = "\x61dore_atoi"
        $a2 = "\x61dore-ng"
        $a3 = "\x61dore_root_filldir"
        $a4 = "\x70atch_vfs"
        $modinfo = "\x76ermagic="
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 1 and filesize < 8MB and (4 of ($s*) or 2 of ($a*) or ($modinfo and 3 of ($s*)))
}

rule rootkit_kernel_getdents_hook
{
    meta:
        description = "Kernel module with its own replacement for directory listing"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "generic"
        severity = "high"
        category = "rootkit"
    strings:
        $modinfo = "\x76ermagic="
        $hook = /\b(hook|hooked|hack|hacked|fake|new|evil|my|orig_hook|rk|h4x|sneaky|mal|malicious)_?_(sys_|__x64_sys_|nr_)?getdents(64)?\b/
        $orig = /\b(orig|original|old|real|ref)_?_?(sys_|__x64_sys_|nr_)?getdents(64)?\b/
        $table = /(\x73ys_call_table|kallsyms_lookup_name|register_ftrace_function|register_kprobe|ftrace_set_filter_ip)/
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 1 and filesize < 8MB and $modinfo and $table and ($hook or $orig)
}

rule rootkit_kernel_module_hiding
{
    meta:
        description = "Kernel module that looks up the system call table and names what it hides"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "generic"
        severity = "high"
        category = "rootkit"
    strings:
        $modinfo = "\x76ermagic="
        $table = "\x73ys_call_table"
        $cr0 = /(\x77rite_cr0|cr0|set_memory_rw|unprotect_memory|make_rw)/
        $hide = /\b(hide_(pid|proc|process|file|module|port|me|self|myself)|hidden_(pids?|files?|ports?)|unhide_\w{2,12}|is_hidden\w{0,8})\b/
        $root = /\b(give_root|get_root|set_root|escalate|rootmagic|prepare_creds)\b/
    condition:
        uint32be(0) == 0x7F454C46 and uint16(16) == 1 and filesize < 8MB and all of them
}

rule rootkit_ebpf_getdents
{
    meta:
        description = "eBPF program attached to the exit of directory listing, where results can be rewritten"
        reference = "https://attack.mitre.org/techniques/T1014/"
        family = "generic"
        severity = "high"
        category = "rootkit"
    strings:
        $exit = /(\x74p|tracepoint|raw_tp|kretprobe|fexit)\/(syscalls\/sys_exit_getdents64|__x64_sys_getdents64)/
        $enter = /(\x74p|tracepoint|raw_tp|kprobe|fentry)\/(syscalls\/sys_enter_getdents64|__x64_sys_getdents64)/
        $tail = /\b(pid_to_hide|handle_getdents_exit|handle_getdents_patch|map_to_patch|map_bytes_read|file_to_hide|hidden_pid\w{0,8})\b/
        $license = /(\x44ual BSD\/GPL|GPL)\x00/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and $exit and $enter and ($tail or (uint16(18) == 247 and $license))
}

rule rootkit_installer_script
{
    meta:
        description = "Script that builds or loads a known rootkit and makes it survive a reboot"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        family = "generic"
        severity = "high"
        category = "rootkit"
    strings:
        $name = /\b(diamorphine|reptile|suterusu|adore-ng|azazel|jynx2?|beurk|bdvl|vlany|libprocesshider|processhider|kovid|puszek|singularity\.ko|nuk3gh0st)(\.(ko|so|c))?\b/ nocase
        $load = /\b(insmod|modprobe|make\s|gcc\s)/
        $keep = /(\/etc\/ld\.so\.preload|\/etc\/modules(-load\.d)?|\/etc\/rc\.local|\/etc\/cron|\/lib\/modules\/|depmod)/
        $fetch = /\b(git\s{1,2}clone|wget|curl)\s/
        $hide = /(kill\s{1,2}-(31|63|64)\s|#define MAGIC_PREFIX|process_to_filter)/
    condition:
        gate_shell and filesize < 256KB and $name and $load and $keep and ($fetch or $hide)
}
