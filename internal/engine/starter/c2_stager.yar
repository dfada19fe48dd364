rule c2_metasploit_linux_x64
{
    meta:
        description = "Metasploit's 64-bit Linux connect-back stager"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $connect = { 48 97 48 B9 02 00 ?? ?? ?? ?? ?? ?? 51 48 89 E6 6A 10 5A 6A 2A 58 0F 05 }
        $mmap = { 48 31 FF 6A 09 58 99 B6 10 48 89 D6 4D 31 C9 6A 22 41 5A B2 07 0F 05 }
    condition:
        filesize < 2MB and (uint32be(0) == 0x7F454C46 or filesize < 1KB) and any of them
}

rule c2_metasploit_linux_x86
{
    meta:
        description = "Metasploit's 32-bit Linux connect-back stager"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $socket = { 31 DB F7 E3 53 43 53 6A 02 B0 66 89 E1 CD 80 }
        $connect = { 68 02 00 ?? ?? 89 E1 6A 66 58 50 51 57 89 E1 43 CD 80 }
        $protect = { B2 07 B9 00 10 00 00 89 E3 C1 EB 0C C1 E3 0C B0 7D CD 80 }
    condition:
        filesize < 2MB and (uint32be(0) == 0x7F454C46 or filesize < 1KB) and 2 of them
}

rule c2_metasploit_python
{
    meta:
        description = "Metasploit's Python stager: a base64 text compressed and executed, or its plain socket form"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $packed = /exec\s{0,2}\(\s{0,2}__import__\s{0,2}\(\s{0,2}["']zlib["']\s{0,2}\)\.decompress\s{0,2}\(\s{0,2}__import__\s{0,2}\(\s{0,2}["']base64["']\s{0,2}\)\.b64decode\s{0,2}\(\s{0,2}__import__\s{0,2}\(\s{0,2}["']codecs["']\s{0,2}\)/
        $length = /struct\.unpack\s{0,2}\(\s{0,2}["']>I["']\s{0,2},\s{0,2}s\.recv\s{0,2}\(\s{0,2}4\s{0,2}\)/
        $loop = /while\s{1,2}len\s{0,2}\(\s{0,2}d\s{0,2}\)\s{0,2}<\s{0,2}l\s{0,2}:/
        $exec = /exec\s{0,2}\(\s{0,2}(zlib\.decompress\s{0,2}\(\s{0,2}base64\.b64decode\s{0,2}\(\s{0,2})?d\s{0,2}[,)]/
    condition:
        (gate_python or gate_shell) and filesize < 256KB and ($packed or all of ($length, $loop, $exec))
}

rule c2_metasploit_php
{
    meta:
        description = "Metasploit's PHP stager"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $ip = /\$ip\s{0,2}=\s{0,2}["'][^"'\n]{4,60}["']\s{0,2};\s{0,2}\$port\s{0,2}=\s{0,2}[0-9]{1,5}\s{0,2};/
        $stream = /\$s_type\s{0,2}=\s{0,2}["'](stream|socket)["']/
        $length = /\$a\s{0,2}=\s{0,2}unpack\s{0,2}\(\s{0,2}["']Nlen["']\s{0,2},\s{0,2}\$len\s{0,2}\)/
        $global = /\$GLOBALS\[["']msgsock(_type)?["']\]/
        $eval = /\beval\s{0,2}\(\s{0,2}\$b\s{0,2}\)/
    condition:
        (gate_php or uint32be(0) == 0x2F2A3C3F) and filesize < 64KB and 3 of them
}

rule c2_meterpreter_mettle
{
    meta:
        description = "Mettle, the Meterpreter for Linux"
        reference = "https://attack.mitre.org/techniques/T1105/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $mettle = "\x6Dettle" fullword
        $c2 = "\x632_add_transport_uri"
        $tlv = "\x74lv_dispatcher"
        $channel = /\x63ore_channel_(open|read|write|close|interact)/
        $core = /\x63ore_(machine_id|negotiate_tlv_encryption|transport_(list|add|set_timeouts)|loadlib|set_uuid)/
        $stdapi = /\x73tdapi_(fs|net|sys|ui)_[a-z_]{3,24}/
        $tcp = "\x74cp://"
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 8MB and 4 of them and ($channel or $core or $stdapi)
}

rule c2_meterpreter_python
{
    meta:
        description = "The Python Meterpreter"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        family = "metasploit"
        severity = "critical"
        category = "c2"
    strings:
        $class = /class\s{1,2}PythonMeterpreter/
        $tlv = /TLV_TYPE_(METHOD|REQUEST_ID|CHANNEL_ID|UUID)/
        $packet = /PACKET_TYPE_(REQUEST|RESPONSE)/
        $debug = "TRANSPORT_CONFIG" fullword
        $stdapi = /(\x63ore_loadlib|\x73tdapi_sys_process_execute)/
    condition:
        filesize < 1MB and (gate_python or uint32be(0) == 0x23212F75) and $class and 2 of ($tlv, $packet, $debug, $stdapi)
}

rule c2_cobaltstrike_config
{
    meta:
        description = "Cobalt Strike Beacon settings under its usual one-byte keys"
        reference = "https://attack.mitre.org/software/S0154/"
        family = "cobaltstrike"
        severity = "critical"
        category = "c2"
    strings:
        $key_2e = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D 2E 2C 2E 2A }
        $key_69 = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B ?? ?? 69 6A 69 6B 69 6D }
        $plain = { 00 01 00 01 00 02 ?? ?? 00 02 00 01 00 02 ?? ?? 00 03 00 02 00 04 ?? ?? ?? ?? 00 04 00 02 00 04 }
    condition:
        filesize < 8MB and (($key_2e or $key_69) or ($plain and gate_pe))
}

rule c2_cobaltstrike_beacon
{
    meta:
        description = "Cobalt Strike Beacon or its loader by the texts inside"
        reference = "https://attack.mitre.org/software/S0154/"
        family = "cobaltstrike"
        severity = "critical"
        category = "c2"
    strings:
        $dll = "\x62eacon.dll" fullword
        $dll_x64 = "\x62eacon.x64.dll" fullword
        $loader = "\x52eflectiveLoader@4"
        $loader_x = "\x52eflectiveLoader" fullword
        $pipe = "\\\\.\\pipe\\MSSE-%d-server"
        $pipe_c = "%\x63%c%c%c%c%c%c%cMSSE-%d-server"
        $post = "\x63ould not spawn %s (token): %d"
        $ps = "\x70owershell -nop -exec bypass -EncodedCommand \"%s\""
        $iex = "\x49EX (New-Object Net.Webclient).DownloadString('http://127.0.0.1:%u/')"
        $time = "%02\x64/%02d/%02d %02d:%02d:%02d"
        $started = "\x53tarted service %s on %s"
    condition:
        gate_pe and filesize < 8MB and ($pipe or $pipe_c or (($dll or $dll_x64) and ($loader or $loader_x)) or 2 of ($post, $ps, $iex) or ($iex and $time and $started))
}

rule c2_cobaltstrike_powershell
{
    meta:
        description = "Cobalt Strike's PowerShell loader"
        reference = "https://attack.mitre.org/software/S0154/"
        family = "cobaltstrike"
        severity = "critical"
        category = "c2"
    strings:
        $doit = /\$DoIt\s{0,2}=\s{0,2}(@['"]|\[System\.Text\.Encoding\])/
        $proc = "func_get_proc_address"
        $delegate = "func_get_delegate_type"
        $xor = /-bxor\s{1,2}35\b/
        $gzip = /\$s\s{0,2}=\s{0,2}New-Object IO\.MemoryStream\s{0,2}\(\s{0,2},\s{0,2}\[Convert\]::FromBase64String\s{0,2}\(\s{0,2}"H4sIA/
        $iex = /IEX \(New-Object IO\.StreamReader\(New-Object IO\.Compression\.GzipStream\(\$s,\[IO\.Compression\.CompressionMode\]::Decompress\)\)\)\.ReadToEnd\(\)/ nocase
    condition:
        gate_powershell and not gate_rule_text and (3 of ($doit, $proc, $delegate, $xor) or ($gzip and $iex))
}

rule c2_sliver_implant
{
    meta:
        description = "Implant of the Sliver framework"
        reference = "https://attack.mitre.org/software/S0633/"
        family = "sliver"
        severity = "critical"
        category = "c2"
    strings:
        $module = "\x67ithub.com/bishopfox/sliver/"
        $pb = "\x73liverpb."
        $implant = /\/implant\/sliver\/(transports|handlers|limits|procdump|shell|pivots|runner)/
        $beacon = /\x73liverpb\.(Beacon(Register|Tasks)|Register|ExecuteReq|DNSSessionInit|PivotHello)/
        $server = "\x67ithub.com/bishopfox/sliver/server/"
        $client = "\x67ithub.com/bishopfox/sliver/client/command"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe or uint32be(0) == 0xCFFAEDFE) and filesize < 64MB and not $server and not $client and (($module and $implant) or ($pb and $beacon and $module) or #pb > 20)
}

rule c2_go_agents
{
    meta:
        description = "Agents of Merlin, Mythic Poseidon, reverse_ssh, Geacon and similar Go frameworks"
        reference = "https://attack.mitre.org/techniques/T1620/"
        family = "merlin"
        severity = "critical"
        category = "c2"
    strings:
        $merlin = "\x67ithub.com/Ne0nd0g/merlin"
        $poseidon = /\/(MythicAgents\/poseidon|poseidon\/agent_code|Payload_Type\/poseidon)/
        $reverse_ssh = "\x67ithub.com/NHAS/reverse_ssh/"
        $geacon = /\bgeacon(_pro|_plus)?\/(cmd|config|packet|crypt|command)/
        $platypus = "\x67ithub.com/WangYihang/Platypus/"
        $deimos = "\x67ithub.com/DeimosC2/DeimosC2"
        $gobfuscate = "\x67ithub.com/tiagorlampert/CHAOS/"
        $spark = "\x53park/client/service/"
        $vshell = "\x76shell/client"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe or uint32be(0) == 0xCFFAEDFE) and filesize < 64MB and any of them
}

rule c2_pupy
{
    meta:
        description = "Pupy remote administration tool"
        reference = "https://attack.mitre.org/software/S0192/"
        family = "pupy"
        severity = "critical"
        category = "c2"
    strings:
        $importer = "\x70upyimporter"
        $url = "\x70upy://"
        $payload = "\x67et_pupy_config"
        $conf = "\x70upy.network.conf"
        $cmd = "\x70upy.error"
        $rpc = "\x72everse_slave_service"
        $ld = "\x6Cd_hooks"
        $launcher = /\x70upylib|pupy\.network\.|pupwinutils/
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe or gate_python) and filesize < 32MB and 3 of them
}

rule c2_empire_python
{
    meta:
        description = "Empire's Python launcher and stager"
        reference = "https://attack.mitre.org/software/S0363/"
        family = "empire"
        severity = "high"
        category = "c2"
    strings:
        $ua = /UA\s{0,2}=\s{0,2}["']Mozilla\/5\.0/
        $server = /server\s{0,2}=\s{0,2}["']https?:\/\/[^"'\n]{4,80}["']/
        $task = /(\/login\/process\.php|\/admin\/get\.php|\/news\.php)/
        $cookie = /(add_header|addheaders)[^\n]{0,40}Cookie[^\n]{0,10}(session|[A-Za-z]{12,16})=/
        $rc4 = /S,j,out\s{0,2}=\s{0,2}range\s{0,2}\(\s{0,2}256\s{0,2}\)\s{0,2},\s{0,2}0\s{0,2},\s{0,2}\[\]|S, ?j, ?out ?= ?list\(range\(256\)\), ?0, ?\[\]/
        $iv = /IV\s{0,2}=\s{0,2}a\[0:4\];?\s{0,2}data\s{0,2}=\s{0,2}a\[4:\]/
    condition:
        (gate_python or gate_shell) and filesize < 256KB and ($rc4 or $iv) and 2 of ($ua, $server, $task, $cookie, $iv)
}

rule c2_empire_powershell
{
    meta:
        description = "Empire's PowerShell launcher"
        reference = "https://attack.mitre.org/software/S0363/"
        family = "empire"
        severity = "high"
        category = "c2"
    strings:
        $rc4 = /\$R\s{0,2}=\s{0,2}\{\s{0,2}\$D\s{0,2},\s{0,2}\$K\s{0,2}=\s{0,2}\$Args\s{0,2};/ nocase
        $range = /\$S\s{0,2}=\s{0,2}0\.\.255/ nocase
        $key = /\$K\s{0,2}=\s{0,2}\[System\.Text\.Encoding\]::ASCII\.GetBytes\s{0,2}\(/ nocase
        $iv = /\$IV\s{0,2}=\s{0,2}\$DATA\s{0,2}\[\s{0,2}0\.\.3\s{0,2}\]/ nocase
        $join = /-join\s{0,2}\[Char\[\]\]\s{0,2}\(\s{0,2}&\s{0,2}\$R\s/ nocase
    condition:
        (gate_powershell or gate_batch) and filesize < 512KB and not gate_rule_text and 3 of them
}

rule c2_havoc_demon
{
    meta:
        description = "Demon agent of the Havoc framework"
        reference = "https://attack.mitre.org/techniques/T1620/"
        family = "havoc"
        severity = "critical"
        category = "c2"
    strings:
        $dll = "\x64emon.x64.dll" nocase
        $dll_86 = "\x64emon.x86.dll" nocase
        $exe = "\x64emon.x64.exe" nocase
        $magic = { DE AD BE EF }
        $kayn = "\x4BaynLoader"
        $ntdll = "\x4EtAllocateVirtualMemory"
    condition:
        gate_pe and filesize < 4MB and (1 of ($dll, $dll_86, $exe) or $kayn) and ($magic or $ntdll)
}

rule c2_dnscat2
{
    meta:
        description = "dnscat2 client: a command channel inside DNS"
        reference = "https://attack.mitre.org/techniques/T1071/004/"
        family = "dnscat2"
        severity = "high"
        category = "c2"
    strings:
        $v = "\x64nscat2 v0."
        $driver = "--\x64ns-driver"
        $domain = /--dns (domain|server)=/
        $secret = "--\x73ecret=<secret>"
        $session = "\x53ession established!"
        $key = "\x64nscat v0."
        $peer = "\x54HE CONNECTION HAS NOT BEEN"
        $dns = "\x44NSCAT"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe) and filesize < 4MB and 3 of them
}

rule c2_tunnel_chisel
{
    meta:
        description = "Chisel, a TCP and SOCKS tunnel over HTTP"
        reference = "https://attack.mitre.org/techniques/T1572/"
        family = "chisel"
        severity = "medium"
        category = "c2"
    strings:
        $module = "\x67ithub.com/jpillora/chisel/"
        $client = "\x67ithub.com/jpillora/chisel/client"
        $version = "\x63hisel-v3"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe) and filesize < 64MB and $module and ($client or $version)
}

rule c2_tunnel_proxies
{
    meta:
        description = "Reverse tunnels that intruders bring along: frp client, Ligolo, iox, NPS, Stowaway, rathole"
        reference = "https://attack.mitre.org/techniques/T1090/"
        family = "frp"
        severity = "medium"
        category = "c2"
    strings:
        $frp = "\x67ithub.com/fatedier/frp/client"
        $ligolo = /\/(ligolo-ng|ligolo)\/(pkg|cmd|internal)\//
        $iox = "\x69ox/operate."
        $nps = "\x65hang.io/nps/client"
        $stowaway = "\x53towaway/agent/"
        $rathole = "\x72athole::client"
        $gost = "\x67o-gost/gost/"
        $venom = "\x56enom/agent/"
    condition:
        (uint32be(0) == 0x7F454C46 or gate_pe) and filesize < 64MB and any of them
}
