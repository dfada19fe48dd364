rule miner_xmrig_config
{
    meta:
        description = "Configuration of the XMRig miner with a pool and a wallet filled in"
        reference = "https://github.com/xmrig/xmrig"
        family = "xmrig"
        severity = "medium"
        category = "miner"
    strings:
        $donate = "\"donate-level\""
        $pools = "\"pools\""
        $algo = /"(algo|coin)"\s{0,4}:/
        $rig = "\"rig-id\""
        $keepalive = "\"keepalive\""
        $randomx = "\"randomx\""
        $wallet = /"user"\s{0,4}:\s{0,4}"(4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|8[1-9A-HJ-NP-Za-km-z]{94})/
        $coin = /"(algo|coin)"\s{0,4}:\s{0,4}"(rx\/|cn\/|cryptonight|monero|randomx|argon2\/|gr|kawpow)/
    condition:
        uint8(0) == 0x7B and filesize < 64KB and 4 of ($donate, $pools, $algo, $rig, $keepalive, $randomx) and ($wallet or $coin)
}

rule miner_json_pool_config
{
    meta:
        description = "JSON configuration of a miner: stratum address, user and password"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "medium"
        category = "miner"
    strings:
        $url = /"(url|pool_address|pool)"\s{0,4}:\s{0,4}"(stratum\+(tcp|ssl|tls)|daemon\+https?):\/\/[^"\n]{4,120}"/
        $user = /"(user|wallet_address|wallet)"\s{0,4}:\s{0,4}"[A-Za-z0-9.\/+_@-]{8,150}"/
        $pass = /"(pass|pool_password|password)"\s{0,4}:/
    condition:
        uint8(0) == 0x7B and filesize < 64KB and all of them
}

rule miner_xmrig_elf
{
    meta:
        description = "The XMRig miner as a Linux program, whatever its file name"
        reference = "https://github.com/xmrig/xmrig"
        family = "xmrig"
        severity = "medium"
        category = "miner"
    strings:
        $donate = "\x64onate.v2.xmrig.com"
        $donate_ssl = "\x64onate.ssl.xmrig.com"
        $option = "\x64onate-level"
        $rig = "\x72ig-id"
        $algo = "\x63ryptonight-heavy"
        $randomx = "\x72andomx-1gb-pages"
        $config = "\"huge-pages-jit\""
        $pool = "\x64aemon-poll-interval"
        $stratum = "\x73tratum+tcp://"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and 5 of them
}

rule miner_xmrig_pe
{
    meta:
        description = "The XMRig miner as a Windows program, whatever its file name"
        reference = "https://github.com/xmrig/xmrig"
        family = "xmrig"
        severity = "medium"
        category = "miner"
    strings:
        $donate = "\x64onate.v2.xmrig.com"
        $donate_ssl = "\x64onate.ssl.xmrig.com"
        $option = "\x64onate-level"
        $rig = "\x72ig-id"
        $algo = "\x63ryptonight-heavy"
        $randomx = "\x72andomx-1gb-pages"
        $driver = "\x57inRing0x64.sys" ascii wide
        $pool = "\x64aemon-poll-interval"
        $stratum = "\x73tratum+tcp://"
    condition:
        gate_pe and filesize < 32MB and 5 of them
}

rule miner_stratum_protocol_elf
{
    meta:
        description = "Linux program that speaks the stratum protocol of mining pools"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "medium"
        category = "miner"
    strings:
        $subscribe = "\x6Dining.subscribe"
        $authorize = "\x6Dining.authorize"
        $notify = "\x6Dining.notify"
        $submit = "\x6Dining.submit"
        $difficulty = "\x6Dining.set_difficulty"
        $login = "\"method\":\"login\""
        $keepalived = "\"method\":\"keepalived\""
        $stratum = "\x73tratum+tcp"
        $job = "\x6Aob_id"
        $nonce = "\"nonce\""
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 32MB and $stratum and (3 of ($subscribe, $authorize, $notify, $submit, $difficulty) or ($login and $job and ($nonce or $keepalived)))
}

rule miner_gpu_programs
{
    meta:
        description = "Well-known GPU miners for Linux and Windows"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "medium"
        category = "miner"
    strings:
        $ethminer = "\x65thminer-"
        $phoenix = "\x50hoenixMiner"
        $nbminer = "\x4EBMiner"
        $trex = "\x54-Rex NVidia GPU miner"
        $lolminer = "\x6ColMiner"
        $gminer = "\x47Miner"
        $team = "\x54eamRedMiner"
        $kernel = /(\x65thash|kawpow|etchash|autolykos2?|progpow|octopus)/ nocase
        $share = /(\x73hare accepted|accepted share|Accepted:|shares:|MH\/s)/ nocase
        $pool = /(\x73tratum\+(tcp|ssl)|stratum[12]\+)/
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe) and filesize < 200MB and any of ($ethminer, $phoenix, $nbminer, $trex, $lolminer, $gminer, $team) and $kernel and $share and $pool
}

rule miner_script_stratum_wallet
{
    meta:
        description = "Script that starts a miner with a pool address and a wallet on its command line"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "high"
        category = "miner"
    strings:
        $pool = /\s(-o|--url|-P|--pool|-pool)[ =]{1,2}["']?(stratum[12]?\+(tcp|ssl|tls):\/\/)?[a-z0-9.-]{4,80}:[0-9]{2,5}/
        $wallet = /\s(-u|--user|-wal|-wallet)[ =]{1,2}["']?(4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|8[1-9A-HJ-NP-Za-km-z]{94}|0x[0-9a-fA-F]{40}|(bc1|t1|R)[A-Za-z0-9]{30,60})/
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_batch) and filesize < 256KB and all of them
}

rule miner_script_pool_hosts
{
    meta:
        description = "Script that names a mining pool and installs or starts something for it"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "high"
        category = "miner"
    strings:
        $pool = /\b(supportxmr\.com|minexmr\.com|nanopool\.org|moneroocean\.stream|hashvault\.pro|c3pool\.(com|org)|2miners\.com|xmrpool\.eu|dwarfpool\.com|monerohash\.com|crypto-pool\.fr|unmineable\.com|herominers\.com|skypool\.(org|xyz)|auto\.c3pool|f2pool\.com|kryptex\.network|zergpool\.com)[:"' \/\n]/
        $tool = /(xmrig|xmr-stak|minerd|cpuminer|ccminer|kdevtmpfsi|--donate-level|stratum\+(tcp|ssl)|--coin[ =]monero|--algo[ =](rx|cn|randomx)|\s-a\s{1,2}rx\/0)/
        $act = /\b(curl|wget|chmod|nohup|crontab|systemctl|screen)\s/
    condition:
        (gate_shell or gate_crontab or gate_unit) and filesize < 256KB and all of them
}

rule miner_moneroocean_setup
{
    meta:
        description = "The pool setup scripts of MoneroOcean and C3Pool, often run on other people's servers"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "moneroocean"
        severity = "medium"
        category = "miner"
    strings:
        $title = /(MoneroOcean|C3Pool|c3pool) mining setup script/
        $service = /(moneroocean|c3pool)_miner\.service/
        $folder = /\$HOME\/(moneroocean|c3pool)/
        $advanced = /gulf\.moneroocean\.stream|auto\.c3pool\.(org|com)/
        $xmrig = "xmrig.tar.gz"
    condition:
        gate_shell and filesize < 128KB and 3 of them
}

rule miner_rival_killer
{
    meta:
        description = "Script that kills the processes of rival miners by their names"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "high"
        category = "miner"
    strings:
        $kill = /\b(pkill|killall|kill\s{1,2}-9|xargs\s[^\n]{0,20}kill|kill_miner_proc)\b/
        $k1 = "kdevtmpfsi"
        $k2 = "kinsing"
        $k3 = /\bxmr(ig|-stak)/
        $k4 = /\bminerd\b/
        $k5 = "cryptonight"
        $k6 = "kthrotlds"
        $k7 = /\bddgs\b/
        $k8 = "sustes"
        $k9 = "sysupdate"
        $k10 = "networkservice"
        $k11 = "sysguard"
        $k12 = "watchdogs"
        $k13 = "stratum"
        $k14 = "kworkerds"
        $k15 = "crypto-pool"
        $k16 = "nanopool"
        $k17 = "minexmr"
        $k18 = /\bqW3xT\b/
        $k19 = "pnscan"
        $k20 = "biosetjenkins"
        $k21 = "monerohash"
        $k22 = "suppoie"
    condition:
        gate_shell and filesize < 512KB and #kill > 4 and 5 of ($k*)
}

rule miner_kinsing_script
{
    meta:
        description = "Installer script of Kinsing (H2Miner)"
        reference = "https://attack.mitre.org/software/S0599/"
        family = "kinsing"
        severity = "critical"
        category = "miner"
    strings:
        $proc = "kdevtmpfsi"
        $name = "kinsing"
        $so = "libsystem.so"
        $preload = "/etc/ld.so.preload"
        $curl = /(kinsing_aarch64|\/kinsing["'\s]|kinsing2)/
        $spr = /\/(spr|unk|lh2?|d|ae|kf|vm|tf|wb|pg2?|p|cron|lf|al|ex|st|scg|gi|s|o|t|c)\.sh\b/
        $cron = /\*\s\*\s\*\s\*\s\*\s{1,2}(wget|curl)/
        $chattr = /chattr\s{1,2}-iu?a?\s{1,2}(\/tmp|\/var\/tmp|\/var\/spool\/cron)/
    condition:
        gate_shell and filesize < 512KB and $name and $proc and 2 of ($so, $preload, $curl, $spr, $cron, $chattr)
}

rule miner_teamtnt_script
{
    meta:
        description = "Scripts of TeamTNT: mining, credential theft and scans of container hosts"
        reference = "https://attack.mitre.org/groups/G0139/"
        family = "teamtnt"
        severity = "critical"
        category = "miner"
    strings:
        $name = /team ?tnt/ nocase
        $domain = /(teamtnt\.red|borg\.wtf|kaiserfranz\.cc|chimaera\.cc|anondns\.net|hilde@teamtnt)/
        $hilde = /\bhilde\b/
        $diamorphine = "diamorphine" nocase
        $tmate = /\btmate\b/
        $peirates = /\b(peirates|masscan|zgrab|pnscan|weavescope|xmrigcc)\b/
        $aws = /(\.aws\/credentials|169\.254\.169\.254\/latest\/meta-data\/iam)/
        $history = /history\s{1,2}-cw?\b|HISTFILE/
    condition:
        gate_shell and filesize < 1MB and ($name or $domain) and 2 of ($domain, $hilde, $diamorphine, $tmate, $peirates, $aws, $history)
}

rule miner_outlaw_script
{
    meta:
        description = "Outlaw (Dota) miner and its SSH key"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "outlaw"
        severity = "critical"
        category = "miner"
    strings:
        $key = "mdrfckr"
        $configrc = /\.configrc[0-9]?\b/
        $dota = /\bdota[0-9]?\.tar\.gz/
        $rsync = /(\/\.X[0-9]{1,3}-unix|\.rsync)\/(c|a|b)\b/
        $kswapd = /kswapd0|kswapd00/
        $tsm = /\btsm(32|64|v7)?\b/
        $ssh = ".ssh/authorized_keys"
    condition:
        (gate_shell or gate_crontab) and filesize < 256KB and (($key and ($ssh or $configrc)) or 3 of ($configrc, $dota, $rsync, $kswapd, $tsm))
}

rule miner_8220_script
{
    meta:
        description = "Scripts of the 8220 gang: Oracle WebLogic and SSH spread of the PwnRig miner"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "8220"
        severity = "critical"
        category = "miner"
    strings:
        $pwnrig = /pwnrig/ nocase
        $bashirc = /\bbashirc(\.x86_64|\.i686)?\b/
        $dbused = "dbused"
        $oan = /oanacroner[0-9]?/
        $masscan = /\b(masscan|spirit|hxx)\b/
        $domain = /(letmaker\.top|bash\.givemexyz\.(in|xyz)|oracleservice\.top|oracle\.zzhreceive\.top|a-dog\.top|c4k-rx0\.pwndns\.pw)/
        $cron = /\/etc\/cron\.d\/(apache|nginx|root)/
    condition:
        (gate_shell or gate_python or gate_crontab) and filesize < 256KB and ($domain or 3 of ($pwnrig, $bashirc, $dbused, $oan, $masscan, $cron))
}

rule miner_rocke_script
{
    meta:
        description = "Scripts of Rocke and the watchdogs/kerberods family"
        reference = "https://attack.mitre.org/groups/G0106/"
        family = "rocke"
        severity = "critical"
        category = "miner"
    strings:
        $kthrotlds = "kthrotlds"
        $kerberods = "kerberods"
        $ksoftirqds = "ksoftirqds"
        $watchdogs = /\/tmp\/watchdogs|\bwatchdogs\b/
        $khugepageds = "khugepageds"
        $lib = /\/usr\/local\/lib\/lib(ioset|netdlh|dns|system)\.so/
        $redis = /redis-cli|6379/
        $fetch = /\b(curl|wget)\s/
    condition:
        (gate_shell or gate_crontab) and filesize < 256KB and $fetch and 3 of ($kthrotlds, $kerberods, $ksoftirqds, $watchdogs, $khugepageds, $lib) and ($lib or $redis)
}

rule miner_perfctl_elf
{
    meta:
        description = "perfctl: a miner behind a user-land rootkit on misconfigured servers"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "perfctl"
        severity = "critical"
        category = "miner"
    strings:
        $p1 = "\x70erfcc"
        $p2 = "\x70erfctl"
        $p3 = "\x77izlmsh"
        $p4 = "\x6Cibgcwrap.so"
        $p5 = "\x6Cibpprocps.so"
        $p6 = "\x6Cibfsnldev.so"
        $p7 = "\x2Fetc/ld.so.preload"
        $p8 = "\x41AZHDE"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_shell) and filesize < 20MB and 3 of them
}

rule miner_host_tuning
{
    meta:
        description = "Script that sets model-specific registers and huge pages for RandomX and starts a program in the background"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "generic"
        severity = "medium"
        category = "miner"
    strings:
        $msr = /(modprobe\s{1,2}msr|wrmsr\s{1,2}-a\s{1,2}0x(1a4|c001102))/
        $pages = /(vm\.nr_hugepages\s{0,2}=|nr_hugepages)/
        $start = /\b(nohup\s|screen\s{1,2}-dm|setsid\s|systemctl\s{1,2}(enable|start))/
        $fetch = /\b(wget|curl)\s[^\n]{1,200}/
        $mode = /chmod\s{1,2}(\+x|777|755)/
    condition:
        gate_shell and filesize < 128KB and all of them
}

rule miner_browser_script
{
    meta:
        description = "Web page that mines in the visitor's browser"
        reference = "https://attack.mitre.org/techniques/T1496/"
        family = "coinhive"
        severity = "medium"
        category = "miner"
    strings:
        $anonymous = /new\s{1,4}(CoinHive|Client|deepMiner|CryptoLoot|CoinImp|Coinhave|JSECoin|CRLT|WMP)\.(Anonymous|User|Token|Init)\s{0,2}\(/
        $lib = /(coinhive(\.min)?\.js|coin-?hive\.com\/lib|authedmine\.com\/lib|crypto-?loot\.com\/lib|cryptaloot\.pro|deepMiner\.js|webmine(r)?pool|coinimp\.(com|net)|hashing\.win|minero\.cc\/lib|xmr\.omine\.org)/
        $start = /\b(miner|_client|m|client)\.start\s{0,2}\(/
    condition:
        (gate_markup or gate_php or gate_wsh) and filesize < 1MB and not gate_rule_text and $start and any of ($anonymous, $lib)
}
