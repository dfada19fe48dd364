rule dropper_multi_arch_loop
{
    meta:
        description = "Script that fetches the same program for many processors, as IoT botnets spread"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "critical"
        category = "dropper"
    strings:
        $arch = /[.\/_-](mips(el|64)?|mpsl|arm([4567]|v[4567]l?|64)?|x86(_64|_32)?|i[456]86|ppc|powerpc|sh4|m68k|spc|sparc|arc|aarch64)\s{0,2}(;|&&|\|\||>|-O|\n|\s-)/
        $fetch = /\b(wget|curl|tftp|ftpget|busybox wget)\b/
        $mode = /chmod\s{1,2}(-R\s{1,2})?(777|\+x|0?755|a\+x)/
        $local = /\.\/[A-Za-z0-9._-]{1,40}/
        $address = /(https?:\/\/|-r |ftpget [^\n]{0,60}|tftp )[^\s\/]{0,20}[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/
    condition:
        gate_shell and filesize < 64KB and #arch > 4 and #fetch > 3 and #mode > 2 and $local and $address
}

rule dropper_cd_tmp_chain
{
    meta:
        description = "Script that tries one writable folder after another and then downloads, the opening of Mirai and Gafgyt loaders"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $chain = /cd\s{1,2}\/tmp\/?\s{0,2}(\|\||;|&&)\s{0,2}cd\s{1,2}\/(var|mnt|run|root|dev|home|opt|etc|data)[^\n]{0,200}/
        $fetch = /\b(wget|curl|tftp|ftpget)\s/
        $mode = /chmod\s{1,2}(777|\+x|0?755)/
    condition:
        gate_shell and filesize < 256KB and all of them
}

rule dropper_fetch_pipe_address
{
    meta:
        description = "Download from a bare IP address piped straight into an interpreter"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $pipe = /\b(curl|wget|lwp-download|cdt|wdt|cur|wge)\s[^\n|;]{0,120}(https?:\/\/)?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/][^\n|]{1,120}\|\s{0,4}(sudo )?(\/bin\/)?((ba|da|z|a)?sh|python[23]?|perl)\b/
        $local = /(https?:\/\/)?(127\.|169\.254\.|10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.)[^\n|]{1,160}\|\s{0,4}(\/bin\/)?(ba|da)?sh/
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_python or gate_php) and filesize < 256KB and #pipe > #local
}

rule dropper_fetch_pipe_paste
{
    meta:
        description = "Download from a paste, tunnel or throw-away host piped straight into an interpreter"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $pipe = /\b(curl|wget)\s[^\n|;]{0,80}(pastebin\.com\/raw|paste\.ee\/r|hastebin\.com\/raw|rentry\.(co|org)\/|ix\.io\/|termbin\.com|0x0\.st|transfer\.sh|bashupload\.com|oshi\.at|temp\.sh|ngrok(-free)?\.(io|app)|trycloudflare\.com|serveo\.net|cdn\.discordapp\.com|an7kmd2wp4xo7hpr)[^\n|]{0,120}\|\s{0,4}(sudo )?(\/bin\/)?((ba|da|z)?sh|python[23]?|perl|base64)\b/
        $run = /\b(bash|sh)\s{1,2}(-c\s{1,2}["']?\$\(|<\()\s{0,2}(curl|wget)\s[^\n)]{0,80}(pastebin\.com\/raw|paste\.ee\/r|rentry\.(co|org)\/|transfer\.sh|ngrok(-free)?\.(io|app)|trycloudflare\.com)/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 256KB and any of them
}

rule dropper_fetch_either_tool
{
    meta:
        description = "The curl-or-wget fallback pair on a bare address or onion gateway, piped into a shell"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $pair = /\b(curl|cur)\s{1,2}[^\n|]{0,80}([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/]|\.(onion|tor2web|d2web))[^\n|]{0,120}\|\|\s{0,2}(wget|wge|wd1|lwp-download)\s{1,2}[^\n|]{1,160}(\|\s{0,2}(ba|da)?sh|>\s{0,2}\/(tmp|var\/tmp|dev\/shm))/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 256KB and all of them
}

rule dropper_tor_gateway
{
    meta:
        description = "Script that fetches from an onion service through a public gateway"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $gateway = /[a-z2-7]{16,56}\.(onion\.(ws|to|sh|pet|in|mn|glass|link|ly|foundation|cab)|tor2web\.(org|io|su|fi|it|xyz|in)|d2web\.org|civiclink\.network)/
        $onion_socks = /--socks5(-hostname)?\s[^\n]{1,60}[a-z2-7]{16,56}\.onion/
        $fetch = /\b(curl|wget|python[23]?)\s/
        $run = /(\|\s{0,2}(ba|da)?sh\b|chmod\s{1,2}(\+x|777|755))/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 256KB and $fetch and $run and ($gateway or $onion_socks)
}

rule dropper_base64_pipe_shell
{
    meta:
        description = "Long base64 text decoded straight into an interpreter"
        reference = "https://attack.mitre.org/techniques/T1140/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $pipe = /(echo|printf|<<<)\s{1,4}(-n\s{1,4})?["']?[A-Za-z0-9+\/]{64,4000}={0,2}["']?\s{0,4}\|\s{0,4}(openssl\s{1,2}(base64|enc -base64)|base64)\s{1,4}(-d|-D|--decode|-di)[^\n|]{0,20}\|\s{0,4}(sudo )?(\/bin\/|\/usr\/bin\/)?((ba|da|z)?sh|python[23]?|perl)\b/
        $eval = /\beval\s{1,4}["']?(\$\(|`)\s{0,4}(echo|printf)\s{1,4}(-n\s{1,4})?["']?[A-Za-z0-9+\/]{64,4000}={0,2}["']?\s{0,4}\|\s{0,4}base64\s{1,4}(-d|-D|--decode)/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 512KB and any of them
}

rule dropper_python_base64_exec
{
    meta:
        description = "Python that executes a long base64 literal"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $exec = /\b(exec|eval)\s{0,4}\(\s{0,4}(compile\s{0,4}\(\s{0,4})?(zlib\.decompress\s{0,4}\(\s{0,4}|marshal\.loads\s{0,4}\(\s{0,4})?(zlib\.decompress\s{0,4}\(\s{0,4})?(__import__\s{0,4}\(\s{0,4}["']base64["']\s{0,4}\)|base64)\.b(64|32|85)decode\s{0,4}\(\s{0,4}b?["'][A-Za-z0-9+\/=]{80}/
        $lambda = /__import__\s{0,4}\(\s{0,4}["']zlib["']\s{0,4}\)\.decompress\s{0,4}\(\s{0,4}__import__\s{0,4}\(\s{0,4}["']base64["']\s{0,4}\)\.b64decode\s{0,4}\(\s{0,4}_{0,2}\[::-1\]/
    condition:
        (gate_python or gate_shell or gate_crontab or uint8(0) == 0x5F) and filesize < 4MB and any of them
}

rule dropper_python_fetch_exec
{
    meta:
        description = "Python one-liner that executes what it downloads"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $exec = /\bexec\s{0,4}\(\s{0,4}((urllib2?|urllib\.request|requests|__import__\s{0,2}\(\s{0,2}["'](urllib2?|urllib\.request|requests)["'][^\n]{0,20}\))(\.request)?\.(urlopen|get)\s{0,4}\(\s{0,4}["']https?:\/\/[^"'\n]{4,160}["'][^\n)]{0,40}\)\s{0,4}\.(read|text|content))/
    condition:
        (gate_python or gate_shell or gate_crontab) and filesize < 256KB and $exec
}

rule dropper_hidden_tmp_exec
{
    meta:
        description = "Download to a hidden name in a world-writable folder, made executable there"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $fetch = /\b(wget|curl)\s[^\n]{1,200}\s{0,2}(-O|-o|>|--output)\s{0,2}["']?\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_]/
        $mode = /chmod\s{1,2}(\+x|777|0?755|700|u\+x|a\+x)\s{1,2}["']?\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_]/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 256KB and all of them
}

rule dropper_dev_tcp_fetch
{
    meta:
        description = "Shell function that downloads over /dev/tcp for want of curl and wget"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $open = /exec\s{1,2}[0-9]{1,3}<>\s{0,2}["']?\/dev\/tcp\//
        $get = /["']GET \$?[^\n]{0,80} HTTP\/1\.[01]/
        $run = /(\|\s{0,2}(ba|da)?sh\b|chmod\s{1,2}(\+x|777|755|700))/
    condition:
        gate_shell and filesize < 256KB and all of them
}

rule dropper_cloud_agent_removal
{
    meta:
        description = "Script that uninstalls the security agents of cloud providers"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "critical"
        category = "dropper"
    strings:
        $aegis = "/usr/local/aegis"
        $aliyun_service = "aliyun-service"
        $aliyun_uninstall = "update.aegis.aliyun.com/download/uninstall.sh"
        $quartz = "quartz_uninstall.sh"
        $qcloud = "/usr/local/qcloud/stargate/admin/uninstall.sh"
        $yunjing = "YunJing/uninst.sh"
        $monitor = "/usr/local/qcloud/monitor/barad/admin/uninstall.sh"
        $cloudmonitor = "cloudmonitor"
        $bcm = "bcm-agent"
        $aliyundun = /AliYunDun|aliyun_assist/
    condition:
        gate_shell and filesize < 256KB and 3 of them
}

rule dropper_defences_off
{
    meta:
        description = "Script that turns off several defences of the host and then downloads"
        reference = "https://attack.mitre.org/techniques/T1562/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $selinux = /setenforce\s{1,2}0|SELINUX=disabled/
        $iptables = /iptables\s{1,2}(-F|--flush|-P\s{1,2}INPUT\s{1,2}ACCEPT)/
        $ufw = /ufw\s{1,2}disable/
        $watchdog = /nmi_watchdog\s{0,2}=?\s{0,2}['"]?0/
        $apparmor = /(stop|disable)\s{1,2}(apparmor|auditd|clamav-daemon|falcon-sensor|wazuh-agent)|(apparmor|auditd)\s{1,2}(stop|disable)|aa-teardown/
        $chattr = /chattr\s{1,2}-[ia]{1,3}[au]?\s{1,2}\/(etc\/(ld\.so\.preload|crontab|passwd|cron|hosts)|tmp|var\/spool\/cron|root\/\.ssh)/
        $history = /(unset\s{1,2}HISTFILE|HISTFILE=\/dev\/null|history\s{1,2}-c\b|HISTSIZE=0)/
        $fetch = /\b(curl|wget)\s[^\n]{0,80}(https?:\/\/|\$[A-Za-z_{(])/
    condition:
        gate_shell and filesize < 256KB and $fetch and 4 of ($selinux, $iptables, $ufw, $watchdog, $apparmor, $chattr, $history)
}

rule dropper_log_wiper
{
    meta:
        description = "Script that wipes login records and shell history together"
        reference = "https://attack.mitre.org/techniques/T1070/002/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $wtmp = /(>|rm\s{1,2}-r?f\s{1,2}|cat\s{1,2}\/dev\/null\s{0,2}>|shred\s[^\n]{0,20}|echo\s{0,4}>)\s{0,2}\/var\/(log|run)\/(wtmp|btmp|utmp|lastlog)/
        $auth = /(>|rm\s{1,2}-r?f\s{1,2}|cat\s{1,2}\/dev\/null\s{0,2}>|shred\s[^\n]{0,20}|echo\s{0,4}>)\s{0,2}\/var\/log\/(secure|auth\.log|messages|syslog|audit\/audit\.log)/
        $history = /(>|rm\s{1,2}-r?f\s{1,2}|cat\s{1,2}\/dev\/null\s{0,2}>|echo\s{0,4}>)\s{0,2}(~|\/root|\$HOME)\/\.(bash|zsh|sh)_history/
        $unset = /(unset\s{1,2}HISTFILE|HISTFILE=\/dev\/null|export\s{1,2}HISTSIZE=0|ln\s{1,2}-sf?\s{1,2}\/dev\/null\s{1,2}[^\n]{0,30}_history)/
        $active = /(\b(curl|wget)\s[^\n]{1,160}(\|\s{0,2}(ba|da)?sh|chmod)|chattr\s{1,2}\+[ia]|nohup\s[^\n]{0,80}&|authorized_keys)/
    condition:
        gate_shell and filesize < 256KB and #wtmp > 1 and $auth and ($history or $unset) and $active
}

rule dropper_base64_elf
{
    meta:
        description = "Script that carries an ELF program in base64 and unpacks it"
        reference = "https://attack.mitre.org/techniques/T1140/"
        family = "generic"
        severity = "critical"
        category = "dropper"
    strings:
        $elf64 = "f0VMRgIBA"
        $elf32 = "f0VMRgEBA"
        $elf32_big = "f0VMRgECA"
        $decode = /(base64\s{1,4}(-d|-D|--decode)|b64decode\s{0,2}\(|base64_decode\s{0,2}\(|decode_base64|FromBase64String|Buffer\.from\s{0,2}\()/
        $run = /(chmod|memfd_create|os\.exec|proc_open|system\s{0,2}\(|syscall|0?o?7(77|55|00)\b)/
    condition:
        (gate_shell or gate_python or gate_php) and any of ($elf*) and $decode and $run
}

rule dropper_echo_elf
{
    meta:
        description = "Script that writes an ELF header with echo or printf escapes"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "critical"
        category = "dropper"
    strings:
        $hex = /(echo|printf)\s{1,4}(-[ne]{1,2}\s{1,4}){0,2}["'](\\{1,2}x7f\\{1,2}x45\\{1,2}x4c\\{1,2}x46|\\{1,2}x7fELF|\\{1,2}177ELF|\\{1,2}0?177\\{1,2}0?105\\{1,2}0?114\\{1,2}0?106)/ nocase
        $mode = /chmod\s{1,2}(\+x|777|0?755|700)|\.\/[a-z]/
    condition:
        gate_shell and filesize < 4MB and all of them
}

rule dropper_memfd_script
{
    meta:
        description = "Script that runs a program from anonymous memory by system call number"
        reference = "https://attack.mitre.org/techniques/T1620/"
        family = "generic"
        severity = "critical"
        category = "dropper"
    strings:
        $perl = /syscall\s{0,2}\(?\s{0,2}(319|356|385|279)\s{0,2},/
        $python = /\.syscall\s{0,2}\(\s{0,2}(319|356|385|279)\s{0,2},|memfd_create\s{0,2}\(/
        $fd = /\/proc\/(self|\$\$|%d|\{\w{0,8}\}|["']\s{0,2}[.+])[^\n]{0,20}\/fd\//
        $exec = /\b(exec|os\.exec[lv]p?e?|execve?|subprocess\.(Popen|run|call))\b/
        $fetch = /(urlopen|requests\.get|http:\/\/|https:\/\/|decode_base64|b64decode|unpack\s{0,2}\(?\s{0,2}["']H|\bpack\s{0,2}\(?\s{0,2}["']H)/
    condition:
        (gate_shell or gate_python or uint32be(0) == 0x75736520 or uint32be(0) == 0x6D792024) and filesize < 4MB and ($perl or $python) and $fd and $exec and $fetch
}

rule dropper_npm_install_script
{
    meta:
        description = "npm package whose install script downloads or decodes something to run"
        reference = "https://attack.mitre.org/techniques/T1195/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $scripts = /"(pre|post)?install"\s{0,4}:\s{0,4}"[^"\n]{0,120}((curl|wget)\s[^"\n]{1,120}(\|\s{0,2}(ba)?sh|https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.)|node\s{1,2}-e\s[^"\n]{0,80}(child_process|eval|Buffer)|base64\s{1,2}(-d|--decode)|\/dev\/tcp\/|powershell\s[^"\n]{0,60}(-enc|DownloadString|iwr|iex))/ nocase
        $name = /"version"\s{0,4}:/
    condition:
        uint8(0) == 0x7B and filesize < 64KB and all of them
}

rule dropper_python_setup_exec
{
    meta:
        description = "setup.py that runs a download or decoded text while it installs"
        reference = "https://attack.mitre.org/techniques/T1195/001/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $setup = /\bsetup\s{0,2}\(/
        $tools = /(from|import)\s{1,2}(setuptools|distutils)/
        $exec = /\b(exec|eval)\s{0,2}\(\s{0,2}(compile\s{0,2}\(\s{0,2})?(__import__|base64|zlib|marshal|codecs|requests|urllib|Fernet\s{0,2}\()/
        $fetch = /(os\.(system|popen)|subprocess\.(Popen|run|call|check_output))\s{0,2}\(\s{0,2}f?\[?\s{0,2}["'][^"'\n]{0,60}((curl|wget)\s[^"'\n]{4,200}(\||&&|;)|powershell\s[^"'\n]{0,60}(-enc|-w|iwr|iex))/ nocase
    condition:
        gate_python and filesize < 256KB and $setup and $tools and ($exec or $fetch)
}

rule dropper_tmp_detached
{
    meta:
        description = "Shell script that fetches to a world-writable folder and starts it detached"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "generic"
        severity = "high"
        category = "dropper"
    strings:
        $fetch = /\b(wget|curl)\s[^\n]{1,160}(-O|-o|>)\s{0,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm)\/[^\s;&|]{1,40}/
        $mode = /chmod\s{1,2}(\+x|777|0?755|700)\s{1,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm)\//
        $start = /(nohup|setsid)\s{1,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm)\/[^\n]{1,120}(>\s{0,2}\/dev\/null|&)/
        $remove = /rm\s{1,2}-r?f\s{1,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm)\/|rm\s{1,2}-r?f\s{1,2}["']?\$0/
    condition:
        (gate_shell or gate_crontab) and filesize < 128KB and all of them
}
