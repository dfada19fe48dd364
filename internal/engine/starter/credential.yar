rule credential_mimikatz_pe
{
    meta:
        description = "Mimikatz, by its command names and its author's"
        reference = "https://attack.mitre.org/software/S0002/"
        family = "mimikatz"
        severity = "critical"
        category = "credential"
    strings:
        $m1 = "\x73ekurlsa" ascii wide
        $m2 = "\x67entilkiwi" ascii wide
        $m3 = "\x6Csadump" ascii wide
        $m4 = "\x6Buhl_m_sekurlsa" ascii wide
        $m5 = "\x6Dimikatz" ascii wide nocase
        $m6 = "\x6CogonPasswords" ascii wide
        $m7 = "\x6Dimidrv" ascii wide
        $m8 = "\x6Biwi_msv1_0_credentials" ascii wide
        $m9 = "\x64csync" ascii wide
    condition:
        gate_pe and filesize < 16MB and 4 of them
}

rule credential_mimikatz_script
{
    meta:
        description = "PowerShell that loads Mimikatz into memory"
        reference = "https://attack.mitre.org/software/S0002/"
        family = "mimikatz"
        severity = "critical"
        category = "credential"
    strings:
        $invoke = /Invoke-Mimi(katz|dogz|kats)/ nocase
        $command = /(\x73ekurlsa::logonpasswords|\x6Csadump::(sam|lsa|\x64csync|secrets)|privilege::debug|kerberos::(ptt|golden)|crypto::certificates)/ nocase
        $reflective = /Invoke-ReflectivePEInjection|\$PEBytes(32|64)|Reflection\.Assembly|VirtualAlloc/ nocase
    condition:
        gate_powershell and not gate_rule_text and 2 of them
}

rule credential_lsass_dump_script
{
    meta:
        description = "Command that writes the memory of the logon process to a file"
        reference = "https://attack.mitre.org/techniques/T1003/001/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $procdump = /procdump(64)?(\.exe)?["']?\s[^\n]{0,60}-m[ap]\s[^\n]{0,30}(lsass|%[a-z]{1,12}%)/ nocase
        $comsvcs = /rundll32(\.exe)?\s[^\n]{0,60}comsvcs(\.dll)?[^\n]{0,12}(MiniDump|#\+?0{0,8}24|#-)/ nocase
        $hives = /reg(\.exe)?\s{1,2}save\s{1,2}(hklm|HKEY_LOCAL_MACHINE)\\(sam|security)\s/ nocase
        $system = /reg(\.exe)?\s{1,2}save\s{1,2}(hklm|HKEY_LOCAL_MACHINE)\\system\s/ nocase
    condition:
        (gate_batch or gate_powershell or gate_wsh) and filesize < 256KB and not gate_rule_text and ($procdump or $comsvcs or ($hives and $system))
}

rule credential_mimipenguin
{
    meta:
        description = "MimiPenguin: passwords of Linux desktops from process memory"
        reference = "https://attack.mitre.org/software/S0179/"
        family = "mimipenguin"
        severity = "critical"
        category = "credential"
    strings:
        $title = /MimiPenguin/ nocase
        $needle = /\x5Fpammodutil_getpwnam_root_1|\x67kr_system_authtok/
        $target = /(gnome-keyring-daemon|gdm-password|lightdm|vsftpd|apache2)/
        $dump = /(\/proc\/[^\s]{1,20}\/(maps|mem)|gcore|process_vm_readv)/
        $shadow = "/etc/shadow"
    condition:
        (gate_shell or gate_python) and filesize < 128KB and $dump and $shadow and $target and ($title or $needle)
}

rule credential_mimipenguin_elf
{
    meta:
        description = "MimiPenguin as a compiled program"
        reference = "https://attack.mitre.org/software/S0179/"
        family = "mimipenguin"
        severity = "critical"
        category = "credential"
    strings:
        $title = "\x6Dimipenguin" nocase
        $auth = "\x67kr_system_authtok"
        $module = "\x5Fpammodutil_getpwnam_root_1"
        $shadow = "\x2Fetc/shadow"
        $maps = "\x2Fproc/%d/maps"
        $vm = "\x70rocess_vm_readv"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 16MB and ($title or $auth or $module) and $shadow and ($maps or $vm) and 4 of them
}

rule credential_lazagne
{
    meta:
        description = "LaZagne: passwords of browsers, mail and wallets, as source or as a frozen program"
        reference = "https://attack.mitre.org/software/S0349/"
        family = "lazagne"
        severity = "high"
        category = "credential"
    strings:
        $title = /\x4CaZagne/ nocase
        $project = "\x54he LaZagne Project"
        $bang = "! \x42ANG BANG !"
        $module = /\x6Cazagne[.\/\\](softwares|config)[.\/\\][a-z_]{3,16}/
        $runlib = /\x66rom lazagne\.config\.(run|constant|manage_modules|module_info|write_output) import/
    condition:
        (gate_python or uint32be(0) == 0x7F454C46 or gate_pe) and filesize < 64MB and $title and (($project and $bang) or #module > 3 or #runlib > 1)
}

rule credential_sshd_tracer
{
    meta:
        description = "Program or script that reads passwords out of sshd with a tracer"
        reference = "https://attack.mitre.org/techniques/T1056/001/"
        family = "3snake"
        severity = "critical"
        category = "credential"
    strings:
        $strace = /strace\s[^\n]{0,120}(-p\s[^\n]{0,60}|-f\s[^\n]{0,60})(sshd|\$\{?pid|\$\()[^\n]{0,80}(-e\s{0,2}(trace=)?["']?(read|write)|-s\s{0,2}[0-9]{2,5})/
        $store = /(>>?|-o)\s{0,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/var\/log|\/usr\/(share|lib)|\/root\/\.|\$HOME\/\.)/
        $ssh = /pgrep\s[^\n]{0,20}sshd|pidof\s{1,2}sshd|alias\s{1,2}ssh(d)?=["']strace/
    condition:
        (gate_shell or gate_crontab or uint8(0) == 0x23 or uint32be(0) == 0x616C6961) and filesize < 64KB and not gate_rule_text and $strace and $store and $ssh
}

rule credential_sshd_tracer_elf
{
    meta:
        description = "Program that follows sshd, su and sudo with ptrace to read passwords (3snake)"
        reference = "https://attack.mitre.org/techniques/T1056/001/"
        family = "3snake"
        severity = "critical"
        category = "credential"
    strings:
        $netlink = "\x6Eetlink" nocase
        $snake = "3\x73nake"
        $ptrace = "\x70trace" fullword
        $sshd = /\x00sshd[^\x00]{0,12}\x00/
        $su = /\x00(su|sudo)\x00/
        $password = /(\x69ntercept_(ssh|sudo|su|passwd)|tracers?_(ssh|sudo|su)|trace_process_(ssh|sudo|su))/
        $status = /\/proc\/%d\/(cmdline|status|stat)/
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 4MB and $ptrace and ($snake or $password) and 2 of ($netlink, $sshd, $su, $status)
}

rule credential_key_harvest_script
{
    meta:
        description = "Script that collects SSH keys and known hosts and sends or uses them"
        reference = "https://attack.mitre.org/techniques/T1552/004/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $find = /find\s{1,2}(\/|~|\/root|\/home|\$HOME)[^\n]{0,60}(-name|-iname)\s{1,2}["']?(\*?id_(rsa|dsa|ed25519|ecdsa)\*?|\*?\.pem|authorized_keys|known_hosts)/
        $cat = /cat\s[^\n]{0,60}\.ssh\/(id_rsa|id_dsa|id_ed25519|known_hosts|config)/
        $spread = /ssh\s[^\n]{0,200}StrictHostKeyChecking[= ]no[^\n]{0,300}(curl|wget)\s/
        $send = /curl\s[^\n]{0,80}(-F|--data(-binary)?|-d|-T|--upload-file)\s[^\n]{0,120}https?:\/\//
    condition:
        gate_shell and filesize < 512KB and ($find or $cat) and ($spread or ($find and $send))
}

rule credential_cloud_key_theft
{
    meta:
        description = "Script that reads cloud credentials and the metadata service and uploads them"
        reference = "https://attack.mitre.org/techniques/T1552/005/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $aws = /(\.aws\/credentials|AWS_SECRET_ACCESS_KEY|aws_secret_access_key)/
        $gcp = /(application_default_credentials\.json|\.config\/gcloud|computeMetadata\/v1\/instance\/service-accounts)/
        $azure = /(\.azure\/(accessTokens|azureProfile)|metadata\/identity\/oauth2\/token)/
        $docker = /(\.docker\/config\.json|\.kube\/config|\.git-credentials|\.s3cfg|\.boto|\.passwd-s3fs|secrets\/kubernetes\.io\/serviceaccount\/token)/
        $meta = /169\.254\.(169\.254|170\.2)\/(latest\/meta-data\/iam|v[0-9]\/credentials|\$AWS_CONTAINER)/
        $send = /(curl\s[^\n]{0,80}(-F|--data(-binary|-urlencode)?|-d|-T|--upload-file)\s[^\n]{0,160}(https?:\/\/|\$)|wget\s[^\n]{0,60}--post-(data|file)|\bnc\s[^\n]{4,60}<|api\.telegram\.org\/bot)/
        $steal = /(history\s{1,2}-c|rm\s{1,2}-r?f\s{1,2}["']?(\$0|\/tmp|\/var\/tmp)|find\s{1,2}\/\s|cat\s[^\n]{0,40}\.aws|cat\s[^\n]{0,40}\.docker|\/proc\/\*\/environ)/
    condition:
        gate_shell and filesize < 512KB and $send and $steal and 3 of ($aws, $gcp, $azure, $docker, $meta)
}

rule credential_shadow_upload
{
    meta:
        description = "Script that sends the password file of the system to somebody"
        reference = "https://attack.mitre.org/techniques/T1003/008/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $send = /\b(curl|wget|nc|ncat|mail|mailx|sendmail)\s[^\n]{0,120}(@|<\s{0,2}|--post-file[= ]|-T\s{0,2}|\s)\/etc\/shadow\b[^\n]{0,120}/
        $pipe = /cat\s[^\n|]{0,60}\/etc\/shadow[^\n|]{0,60}\|\s{0,2}(curl|nc|ncat|mail|mailx|sendmail|openssl\s{1,2}s_client|base64[^\n|]{0,12}\|\s{0,2}curl)\s/
    condition:
        (gate_shell or gate_crontab or gate_php) and filesize < 256KB and any of them
}

rule credential_browser_stealer_python
{
    meta:
        description = "Python that opens the stores of browsers, decrypts them and sends the result away"
        reference = "https://attack.mitre.org/techniques/T1555/003/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $login = /["'\\\/]Login Data["']/
        $state = /["'\\\/]Local State["']/
        $crypt = /(CryptUnprotectData|AES\.MODE_GCM|os_crypt)/
        $chrome = /(User Data[\\\/]{1,2}|\.config\/google-chrome|BraveSoftware|Opera Software|leveldb)/
        $send = /(discord(app)?\.com\/api\/webhooks|api\.telegram\.org\/bot|requests\.post\s{0,2}\(|\bwebhook\b|smtplib|gofile\.io|anonfiles)/ nocase
    condition:
        gate_python and filesize < 2MB and all of them
}

rule credential_discord_token_grabber
{
    meta:
        description = "Script that looks for Discord tokens in browser storage and posts them to a webhook"
        reference = "https://attack.mitre.org/techniques/T1555/003/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $pattern = /\[\\w-\]\{2[46]\}\\\.\[\\w-\]\{6\}\\\.\[\\w-\]\{2[5-9],?[0-9]{0,3}\}|mfa\\\.\[\\w-\]\{84\}|dQw4w9WgXcQ:/
        $storage = /Local Storage[\\\/]{1,2}leveldb|leveldb/
        $hook = /(discord(app)?\.com\/api\/(webhooks|v[0-9]{1,2}\/users\/@me)|\bwebhook)/ nocase
    condition:
        (gate_python or gate_wsh or gate_powershell) and filesize < 4MB and not gate_rule_text and all of them
}

rule credential_phishing_kit_php
{
    meta:
        description = "PHP of a phishing kit: takes a password, adds the visitor's address, mails or posts it off"
        reference = "https://attack.mitre.org/techniques/T1598/003/"
        family = "generic"
        severity = "high"
        category = "credential"
    strings:
        $pass = /\$_(POST|REQUEST)\s{0,2}\[\s{0,2}['"](pass(w|wd|word)?|pwd|passwd|upass|epass|cvv|cvv2|ssn|otp|pin|password1|mdp|contrase\xC3\xB1a)['"]\s{0,2}\]/ nocase
        $ip = /\$_SERVER\s{0,2}\[\s{0,2}['"](REMOTE_ADDR|HTTP_CF_CONNECTING_IP|HTTP_X_FORWARDED_FOR)['"]|getenv\s{0,2}\(\s{0,2}['"]REMOTE_ADDR/
        $send_mail = /@?\bmail\s{0,2}\(\s{0,2}\$(to|send|recipient|email|own|emailku|mesaegs|result|yourmail|my_email|rezult|sendto|recv)\w{0,8}\s{0,2},/ nocase
        $send_bot = /api\.telegram\.org\/bot/
        $banner = /(ReZulT|Fullz|Spamm?ed By|Created (In|By)|C0d3d|Coded By|-{4,20}[ +|=]{0,4}[A-Za-z0-9 ]{1,30}[ +|=]{0,4}-{4}|={4,20}[ +|-]{0,4}[A-Za-z0-9 ]{1,30}[ +|-]{0,4}={4}|\+{4,20} ?[A-Za-z0-9 ]{1,30} ?\+{4})/ nocase
        $go = /header\s{0,2}\(\s{0,2}['"]Location:/ nocase
    condition:
        gate_php and filesize < 32KB and $pass and $ip and ($send_bot or ($send_mail and $banner)) and ($go or $banner)
}

rule credential_card_skimmer_js
{
    meta:
        description = "Shop page script that gathers card fields, encodes them and sends them as an image or beacon"
        reference = "https://attack.mitre.org/techniques/T1056/003/"
        family = "magecart"
        severity = "high"
        category = "credential"
    strings:
        $field = /(cc_number|cc-number|card_?number|cc_cid|cc-exp|cvv|cvc|expir(y|ation)[_-]?(month|year|date))/ nocase
        $gather = /(querySelectorAll\s{0,2}\(\s{0,2}["'](input|select)|getElementsByTagName\s{0,2}\(\s{0,2}["']input)/
        $encode = /\bbtoa\s{0,2}\(/
        $send = /(new\s{1,2}Image\b[^\n]{0,60}\.src\s{0,2}=|navigator\.sendBeacon\s{0,2}\(|\.src\s{0,2}=\s{0,2}["']https?:\/\/[^"'\n]{4,80}\?[a-z]{1,8}=["']\s{0,2}\+)/
        $place = /(checkout|onepage|payment|billing)/ nocase
        $decode = /\b(atob\s{0,2}\(\s{0,2}["'][A-Za-z0-9+\/=]{12,120}["']|String\.fromCharCode\s{0,2}\()/
    condition:
        (gate_wsh or gate_markup or gate_php or uint8(0) == 0x21 or uint8(0) == 0x3B) and filesize < 256KB and not gate_rule_text and all of them
}
