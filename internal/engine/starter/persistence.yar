rule persistence_preload_script
{
    meta:
        description = "Script that writes a library into /etc/ld.so.preload"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $write = /(echo|printf|cp|mv|tee|cat)\s[^\n]{0,120}(>>?|\s-a)?\s{0,2}["']?\/etc\/ld\.so\.preload/
        $lib = /\/(usr\/local\/lib|usr\/lib|lib|lib64|tmp|dev\/shm|var\/tmp|etc|opt)\/[^\s"']{1,60}\.so(\.[0-9])?\b/
        $active = /(chattr\s|\b(curl|wget)\s|gcc\s[^\n]{0,60}-shared|\bbase64\s{1,2}-d|insmod|chmod\s{1,2}(\+x|777|755))/
    condition:
        gate_shell and filesize < 1MB and all of them
}

rule persistence_preload_file
{
    meta:
        description = "An ld.so.preload file that names a library in a temporary or hidden place, or a known rootkit"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $tmp = /^\/(tmp|dev\/shm|var\/tmp|var\/run|run|home)\/[^\n]{1,120}\.so[.0-9]{0,6}(\n|$)/
        $hidden = /^\/[a-z0-9\/_-]{1,60}\/\.[^\n]{1,60}\.so[.0-9]{0,6}(\n|$)/
        $known = /^\/[^\n]{1,60}\/(libprocesshider|libsystem|libgcwrap|libpprocps|libfsnldev|libselinux\.so\.[0-9]{1,2}\.d|libioset|libnetdlh|libutf8|libc\.man|azazel|jynx2?|beurk|bdvl|libhide|libns[25]|hide|pshide|xmrhide)\.so[^\n]{0,8}(\n|$)/
    condition:
        uint8(0) == 0x2F and filesize < 256 and any of ($tmp, $hidden, $known)
}

rule persistence_cron_fetch_pipe
{
    meta:
        description = "cron line that downloads and runs something from an address or paste site, often"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $line = /(\*|[0-9,\/*-]{1,12})( (\*|[0-9,\/*-]{1,12})){3,4}( root)? [^\n]{0,60}\b(curl|wget|lwp-download|cdt|wdt|cur)\s[^\n|]{0,120}(https?:\/\/)?([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|pastebin\.com\/raw|[a-z2-7]{16,56}\.(onion|tor2web|d2web))[^\n|]{0,160}\|\s{0,2}(ba|da|z)?sh\b/
        $special = /@(reboot|hourly|daily)( root)? [^\n]{0,60}\b(curl|wget)\s[^\n|]{0,120}(https?:\/\/)?([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|pastebin\.com\/raw)[^\n|]{0,160}\|\s{0,2}(ba|da|z)?sh\b/
    condition:
        (gate_crontab or gate_shell or gate_php or gate_python) and filesize < 512KB and any of them
}

rule persistence_cron_hidden_program
{
    meta:
        description = "cron line that starts a hidden file of a temporary or home folder, output thrown away"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $line = /((\*|[0-9,\/*-]{1,12})( (\*|[0-9,\/*-]{1,12})){4}|@(reboot|hourly|daily))( root)? (\/bin\/)?((ba)?sh |cd |nohup )?["']?\/(tmp|var\/tmp|dev\/shm|var\/run|root|home\/[a-z0-9_.-]{1,32})\/\.[A-Za-z0-9_. \/-]{1,80}[^\n]{0,60}>\s{0,2}\/dev\/null/
        $shm = /((\*|[0-9,\/*-]{1,12})( (\*|[0-9,\/*-]{1,12})){4}|@(reboot|hourly|daily))( root)? (\/bin\/)?((ba)?sh |cd |nohup )?["']?\/(var\/tmp|dev\/shm)\/[^\n]{1,120}>\s{0,2}\/dev\/null/
    condition:
        gate_crontab and any of them
}

rule persistence_cron_shell_rewrite
{
    meta:
        description = "Script that pipes a downloading line into crontab or a cron folder"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $pipe = /echo\s{1,2}(-[ne]{1,2}\s{1,2})?["'][^\n"']{0,20}\*[^\n]{4,40}\b(curl|wget|bash|sh|python[23]?|\/tmp|\/var\/tmp|\/dev\/shm)\b[^\n]{4,300}(\|\s{0,2}crontab\b|>>?\s{0,2}["']?\/(etc\/cron|var\/spool\/cron))/
        $address = /https?:\/\/([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\$)|\/dev\/tcp\/|pastebin\.com\/raw|\.onion|\$\{?(LDR|url|URL|host|HOST|base|cc|CC)/
        $local = /\/(tmp|var\/tmp|dev\/shm)\/\.?[a-z0-9_]{1,32}[^\n]{0,40}\|\s{0,2}crontab/
    condition:
        gate_shell and filesize < 512KB and $pipe and ($address or $local)
}

rule persistence_cron_reverse_shell
{
    meta:
        description = "cron line that opens a connection for a shell"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $line = /(\*|[0-9,\/*-]{1,12})( (\*|[0-9,\/*-]{1,12})){3,4} [^\n]{0,80}(\/dev\/tcp\/[^\s\/]{3,60}\/[0-9]{1,5}|\bnc(at)?\s[^\n]{0,60}-e\s{0,2}\/bin\/(ba)?sh|mkfifo\s[^\n]{1,80}\|\s{0,2}nc\b)/
    condition:
        (gate_crontab or gate_shell) and filesize < 256KB and $line
}

rule persistence_systemd_temp_program
{
    meta:
        description = "systemd unit that starts a program of a temporary or hidden place and restarts it for ever"
        reference = "https://attack.mitre.org/techniques/T1543/002/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $exec = /\nExecStart\s{0,2}=\s{0,2}[-@:+!]{0,3}((\/usr)?\/bin\/(ba|da)?sh\s{1,2}(-c\s{1,2})?["']?)?\/(tmp|var\/tmp|dev\/shm|(usr|etc|var|lib|opt|root|home)(\/[A-Za-z0-9_-]{1,24}){0,3}\/\.[A-Za-z0-9_])/
        $restart = /\nRestart\s{0,2}=\s{0,2}(always|on-failure)|\nWantedBy\s{0,2}=/
    condition:
        gate_unit and all of them
}

rule persistence_systemd_fetch
{
    meta:
        description = "systemd unit whose command downloads into a shell or opens a shell connection"
        reference = "https://attack.mitre.org/techniques/T1543/002/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $exec = /\nExec(Start|StartPre|StartPost|Reload|Stop)\s{0,2}=[^\n]{0,60}((curl|wget)\s[^\n|]{4,160}\|\s{0,2}(ba|da)?sh\b|\/dev\/tcp\/|base64\s{1,2}(-d|--decode)[^\n]{0,20}\|\s{0,2}(ba|da)?sh\b|\bnc(at)?\s[^\n]{0,60}-e\s)/
    condition:
        gate_unit and $exec
}

rule persistence_autostart_hidden
{
    meta:
        description = "Desktop entry that starts a hidden program or a download"
        reference = "https://attack.mitre.org/techniques/T1547/013/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $type = /\nType\s{0,2}=\s{0,2}Application/
        $hidden = /\nExec\s{0,2}=\s{0,2}["']?(\/home\/[^\/\n]{1,32}|\/root|\/tmp|\/var\/tmp|\/dev\/shm|~|\$HOME)\/\.(cache|local|config|dbus|gnupg|ssh|X11|ICE)?[^\n]{0,12}\/?\.[A-Za-z0-9][^\n]{0,80}/
        $fetch = /\nExec\s{0,2}=[^\n]{0,80}((curl|wget)\s[^\n|]{4,160}(\|\s{0,2}(ba|da)?sh\b|(;|&&)\s{0,2}(ba|da)?sh\b|chmod\s{1,2}\+x)|base64\s{1,2}(-d|--decode)[^\n]{0,20}\|\s{0,2}(ba|da)?sh\b|\/dev\/tcp\/)/
    condition:
        gate_unit and $type and any of ($hidden, $fetch)
}

rule persistence_redis_cron
{
    meta:
        description = "Redis dump whose value is a cron line that downloads a script"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $line = /\n{1,3}\s{0,4}(\*|\*\/[0-9]{1,2}|[0-9]{1,2})( \*){3,4}[^\n]{0,60}(curl|wget|\/dev\/tcp|cd1|wd1|cdt|wdt)[^\n]{4,300}/
    condition:
        uint32be(0) == 0x52454449 and filesize < 64MB and $line
}

rule persistence_redis_ssh_key
{
    meta:
        description = "Redis dump whose value is an SSH public key between blank lines"
        reference = "https://attack.mitre.org/techniques/T1098/004/"
        family = "generic"
        severity = "critical"
        category = "persistence"
    strings:
        $key = /\n{2,6}\s{0,4}ssh-(rsa|ed25519|dss) AAAA[A-Za-z0-9+\/]{40,800}={0,2}[^\n]{0,60}\n{1,6}/
    condition:
        uint32be(0) == 0x52454449 and filesize < 64MB and $key
}

rule persistence_authorized_keys_script
{
    meta:
        description = "Script that adds an SSH key and locks the file or lets root in"
        reference = "https://attack.mitre.org/techniques/T1098/004/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $add = /(echo|printf|cat)\s[^\n]{0,20}["']?ssh-(rsa|ed25519|dss) AAAA[^\n]{20,1000}>>?\s{0,2}["']?[^\n"']{0,60}authorized_keys/
        $variable = /(key|KEY|rsa|RSA)\w{0,8}=["']ssh-(rsa|ed25519) AAAA[^\n]{20,1000}\n[^\0]{0,2000}>>?\s{0,2}["']?[^\n"']{0,60}authorized_keys/
        $lock = /chattr\s{1,2}-?[+-][ai]{1,2}\s[^\n]{0,60}(authorized_keys|\.ssh)/
        $rootlogin = /PermitRootLogin\s{1,2}(yes|without-password)[^\n]{0,60}sshd_config|sed\s[^\n]{0,80}PermitRootLogin/
        $hide = /(unset\s{1,2}HISTFILE|history\s{1,2}-c|\/etc\/ld\.so\.preload|\|\s{0,2}crontab)/
    condition:
        gate_shell and filesize < 512KB and ($add or $variable) and any of ($lock, $rootlogin, $hide)
}

rule persistence_sudo_alias
{
    meta:
        description = "Shell start file that replaces sudo to catch the password"
        reference = "https://attack.mitre.org/techniques/T1548/003/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $alias = /(alias\s{1,2}sudo\s{0,2}=|(function\s{1,2})?\bsudo\s{0,2}\(\)\s{0,2}\{)/
        $read = /read\s{1,2}-[a-z]{0,3}s[a-z]{0,3}\s/
        $prompt = /\[sudo\] password for/
        $keep = /(>>?\s{0,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm|~\/\.|\$HOME\/\.)|curl\s|wget\s|\bnc\s|\/dev\/tcp\/)/
    condition:
        filesize < 256KB and not gate_rule_text and (gate_shell or uint8(0) == 0x23 or uint32be(0) == 0x616C6961 or uint32be(0) == 0x66756E63 or uint32be(0) == 0x7375646F) and all of them
}

rule persistence_udev_run
{
    meta:
        description = "udev rule that starts a hidden program, an interpreter with a download, or at"
        reference = "https://attack.mitre.org/techniques/T1546/017/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $run = /RUN\+=\s{0,2}"(\/(bin|usr\/bin)\/)?((ba|da)?sh\s{1,2}-c\s[^"\n]{0,120}((curl|wget)\s|\/dev\/tcp\/|base64\s{1,2}-d|\|\s{0,2}at\s{1,2}now)|\/(tmp|var\/tmp|dev\/shm)\/|\/[a-z0-9\/_-]{1,40}\/\.[a-z0-9]|python[23]?\s{1,2}-c)/
        $random = /ENV\{MAJOR\}=="1",\s{0,2}ENV\{MINOR\}=="[89]"[^\n]{0,60}RUN\+="/
        $action = /(ACTION|KERNEL|SUBSYSTEM|SUBSYSTEMS|ATTR\{[a-z]{1,12}\})\s{0,2}==/
    condition:
        filesize < 32KB and not gate_rule_text and not gate_shell and $action in (0..4096) and any of ($run, $random)
}

rule persistence_apt_hook
{
    meta:
        description = "apt or dpkg hook that downloads, decodes or connects out"
        reference = "https://attack.mitre.org/techniques/T1546/016/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $hook = /(APT::Update::(Pre|Post)-Invoke(-Success)?|DPkg::(Pre|Post)-(Invoke|Install-Pkgs))\s{0,4}\{?\s{0,4}"[^"\n]{0,160}(\/dev\/tcp\/|\b(curl|wget)\s[^"\n]{4,120}\|\s{0,2}(ba|da)?sh|base64\s{1,2}-d|\bnc(at)?\s|mkfifo|python[23]?\s{1,2}-c|nohup\s)/
    condition:
        filesize < 16KB and not gate_rule_text and $hook and (uint32be(0) == 0x4150543A or uint32be(0) == 0x44506B67 or uint16be(0) == 0x2F2F or uint8(0) == 0x23)
}

rule persistence_pam_exec
{
    meta:
        description = "PAM configuration that hands passwords to a program outside the system folders"
        reference = "https://attack.mitre.org/techniques/T1556/003/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $exec = /(auth|session|password|account)\s{1,8}(optional|required|sufficient|requisite|\[[^\]\n]{1,60}\])\s{1,8}pam_exec\.so\s[^\n]{0,60}(expose_authtok[^\n]{0,60}\/(tmp|var\/tmp|dev\/shm|home|var|opt|etc|root)\/|\/(tmp|var\/tmp|dev\/shm|home)\/|\/[a-z\/]{1,40}\/\.)/
    condition:
        filesize < 32KB and not gate_rule_text and not gate_shell and $exec and (uint8(0) == 0x23 or uint8(0) == 0x0A or uint8(0) == 0x40 or uint8(0) == 0x2D or uint32be(0) == 0x61757468 or uint32be(0) == 0x73657373)
}

rule persistence_init_fetch
{
    meta:
        description = "rc.local, init script or profile that starts a hidden program or downloads one"
        reference = "https://attack.mitre.org/techniques/T1037/004/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $start = /\n\s{0,8}(nohup\s{1,2}|setsid\s{1,2}|sh\s{1,2}|bash\s{1,2})?["']?\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_][^\n]{0,80}&\s{0,2}(\n|$)/
        $fetch = /\n\s{0,8}\(?\s{0,2}(curl|wget)\s[^\n|]{0,60}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[^\n|]{0,120}\|\s{0,2}(ba|da)?sh[^\n]{0,40}&?\s{0,2}(\n|$)/
        $init = /(### BEGIN INIT INFO|# ?chkconfig:|rc\.local|\n# ~\/\.(profile|bashrc)|# \/etc\/profile|exit 0\s{0,4}$)/
    condition:
        gate_shell and filesize < 32KB and $init and any of ($start, $fetch)
}

rule persistence_git_hook
{
    meta:
        description = "Repository hook or task file that runs a download when a folder is opened"
        reference = "https://attack.mitre.org/techniques/T1546/"
        family = "generic"
        severity = "high"
        category = "persistence"
    strings:
        $task = /"runOn"\s{0,4}:\s{0,4}"folderOpen"/
        $command = /"command"\s{0,4}:\s{0,4}"[^"\n]{0,120}((curl|wget)\s[^"\n|]{4,200}\|\s{0,2}(ba|da|z)?sh|powershell[^"\n]{0,60}(-enc|-e |iex|DownloadString)|base64\s{1,2}(-d|--decode)|\/dev\/tcp\/)/
    condition:
        uint8(0) == 0x7B and filesize < 64KB and all of them
}
