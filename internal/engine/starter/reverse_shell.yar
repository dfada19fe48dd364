rule reverse_shell_bash_dev_tcp
{
    meta:
        description = "Interactive shell tied to a TCP connection through bash's /dev/tcp"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $tie = /\b(ba|z|k|da)?sh\s{1,4}(-l\s{1,4})?-i\s{1,4}(>\s{0,2}&|&>|[0-9]?<)\s{0,4}[0-9]?\s{0,2}<?>?\s{0,2}\/dev\/(tcp|udp)\/[^\s\/]{1,80}\/[^\s]{1,20}/
        $exec = /\bexec\s{1,4}[0-9]{0,3}<?>?&?\s{0,2}\/dev\/(tcp|udp)\/[^\s\/]{1,80}\/[^\s]{1,20}/
        $loop = /(cat\s{0,2}<&[0-9]{1,3}|while read [^\n]{0,40}(<&[0-9]{1,3}|\$line)|(ba)?sh -i\s{0,4}<&[0-9]{1,3}|(ba|da)?sh\s{0,2}<&[0-9]{1,3}\s{0,2}>&[0-9]{1,3})/
        $http = "HTTP/1."
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_python or gate_php) and ($tie or ($exec and $loop and not $http))
}

rule reverse_shell_encoded_dev_tcp
{
    meta:
        description = "A /dev/tcp shell hidden in base64, piped into a shell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $bash_i = "bash -i >& /dev/tcp/" base64
        $sh_i = "sh -i >& /dev/tcp/" base64
        $bash_5 = "<>/dev/tcp/" base64
        $decode = /base64\s{1,4}(-d|-D|--decode)/
        $brace = "{base64,-d}"
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_php or gate_python or gate_markup) and filesize < 256KB and
        any of ($bash_i, $sh_i, $bash_5) and ($decode or $brace)
}

rule reverse_shell_python_socket
{
    meta:
        description = "Python that puts a socket under standard input and output and starts a shell"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $connect = /\.connect\s{0,4}\(\s{0,4}\(/
        $dup = /(os\.)?dup2\s{0,4}\(\s{0,4}\w{1,12}\.fileno\s{0,4}\(\s{0,4}\)\s{0,4},\s{0,4}[0-9f]/
        $shell = /(pty\.spawn\s{0,4}\(\s{0,4}\[?\s{0,4}\\?["']|subprocess\.(call|Popen|run)\s{0,4}\(\s{0,4}\[?\s{0,4}\\?["']|os\.exec[lv]p?\s{0,4}\(\s{0,4}\\?["']|os\.system\s{0,4}\(\s{0,4}\\?["'])(\/bin\/|\/usr\/bin\/)?(env )?(ba|z|da|k)?sh\b/
    condition:
        (gate_python or gate_shell or gate_crontab or gate_unit or gate_php) and filesize < 64KB and $connect and #dup > 1 and $shell
}

rule reverse_shell_perl_socket
{
    meta:
        description = "Perl that reopens its standard streams on a socket and starts a shell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $socket = /\b(use|-MIO::Socket|-MSocket|IO::Socket::INET)\b[^\n]{0,20}(Socket|->new|-e)/
        $open_in = /open\s{0,2}\(?\s{0,2}STDIN\s{0,2},\s{0,2}["']?[<>+]{0,2}&/
        $open_out = /open\s{0,2}\(?\s{0,2}STDOUT\s{0,2},\s{0,2}["']?>{0,2}&/
        $fdopen = /STDIN->fdopen\s{0,2}\(\s{0,2}\$\w{1,6}\s{0,2},\s{0,2}r\s{0,2}\)/
        $system = /(exec|system)\s{0,2}[({]?\s{0,2}["']?(\/bin\/)?((ba|da|z)?sh -i|(ba|da|z)?sh["'])|system\s{0,2}\$_\s{0,2}while\s{0,2}<>/
    condition:
        (gate_shell or gate_crontab or uint32be(0) == 0x75736520) and filesize < 64KB and $socket and $system and (($open_in and $open_out) or $fdopen)
}

rule reverse_shell_php_fsockopen
{
    meta:
        description = "PHP that connects out and joins a shell's pipes to the socket"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $connect = /\b(fsockopen|stream_socket_client|socket_connect)\s{0,4}\(/
        $proc = /\bproc_open\s{0,4}\(\s{0,4}(\$shell|\$cmd|["'](\/bin\/)?(ba|da)?sh|["']cmd(\.exe)?)/
        $exec = /\b(shell_)?(exec|system|passthru|popen)\s{0,4}\(\s{0,4}["'](\/bin\/)?(ba|da)?sh -i\s{0,2}<&[0-9]/
        $spec = /0\s{0,2}=>\s{0,2}(array\s{0,2}\(|\[)\s{0,2}["']pipe["']|0\s{0,2}=>\s{0,2}\$sock/
        $i = /\bsh -i\b|\$shell\s{0,2}=/
    condition:
        (gate_php or gate_shell) and filesize < 64KB and $connect and ($exec or ($proc and $spec and $i))
}

rule reverse_shell_ruby_socket
{
    meta:
        description = "Ruby that joins a TCP socket to a shell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $socket = /TCPSocket\.(new|open)\s{0,2}\(?\s{0,2}["'][^"'\n]{1,60}["']\s{0,2},/
        $exec = /exec\s{0,2}\(?\s{0,2}(sprintf\s{0,2}\(\s{0,2})?["'](\/bin\/)?(ba|da)?sh -i\s{0,2}<&(%d|#\{|[0-9])/
        $popen = /IO\.popen\s{0,2}\(\s{0,2}\w{1,8}\s{0,2},\s{0,2}["']r["']/
        $loop = /while\s{0,2}\(?\s{0,2}\w{1,8}\s{0,2}=\s{0,2}\w{1,8}\.gets/
    condition:
        (gate_shell or uint32be(0) == 0x72657175 or uint32be(0) == 0x72756279) and filesize < 32KB and $socket and ($exec or ($popen and $loop))
}

rule reverse_shell_mkfifo_netcat
{
    meta:
        description = "Named pipe looped through a shell and netcat"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $fifo = /mk(fifo|nod)\s{1,4}[^\s;|&]{1,60}(\s{1,2}p)?\s{0,2}[;&\n]/
        $loop = /cat\s{1,4}[^\s;|&]{1,60}\s{0,2}\|\s{0,2}(\/bin\/)?(ba|da|z)?sh\s{1,2}(-i\s{0,2})?(2>&1)?\s{0,2}\|\s{0,2}(\/bin\/|\/usr\/bin\/|busybox )?(nc|ncat|netcat|telnet|openssl s_client)\b/
        $back = /(nc|ncat|netcat|telnet)\s{1,4}[^\n|]{1,80}0<\s{0,2}[^\s]{1,60}\s{0,2}\|\s{0,2}(\/bin\/)?(ba|da)?sh/
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_php or gate_python) and filesize < 256KB and $fifo and ($loop or $back)
}

rule reverse_shell_netcat_exec
{
    meta:
        description = "Netcat told to run a shell for the far side"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "high"
        category = "reverse_shell"
    strings:
        $exec = /\b(nc|ncat|netcat|nc\.traditional|busybox nc)\s{1,4}(-[a-zA-Z]{1,6}\s{1,2})?[^\n|;]{0,60}(-[a-z]{0,4}[ec]|--sh-exec|--exec)\s{1,2}["']?(\/bin\/|\/usr\/bin\/)?(ba|da|z|a)?sh\b/
        $cmd = /\b(nc|ncat|nc64|nc)(\.exe)?\s{1,4}[^\n|;]{0,60}-[a-z]{0,4}e\s{1,2}["']?(cmd|powershell)(\.exe)?\b/
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_php or gate_batch) and filesize < 64KB and any of them
}

rule reverse_shell_socat_exec
{
    meta:
        description = "socat that connects out and executes a shell on a pseudo terminal"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $out = /\bsocat\s{1,4}[^\n]{0,80}(tcp4?|tcp6|openssl|udp4?)(-connect)?:[^\s,]{1,60}[^\n]{0,40}\s(exec|system):["']?[^\n]{0,12}(ba|da|z)?sh\b/ nocase
        $in = /\bsocat\s{1,4}[^\n]{0,20}(exec|system):["']?[^\n]{0,12}(ba|da|z)?sh\b[^\n]{0,60}\s(tcp4?|tcp6|openssl|udp4?)(-connect)?:[^\s,]{1,60}/ nocase
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_php) and filesize < 64KB and any of them
}

rule reverse_shell_openssl_client
{
    meta:
        description = "Shell joined to a TLS connection with openssl s_client"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $in = /\|\s{0,2}(\/usr\/bin\/)?openssl s_client\s[^\n|]{0,80}-connect\s[^\n|]{1,80}(>|\|\s{0,2}(ba|da)?sh)/
        $shell = /((ba|da)?sh\s{1,2}-i|\/bin\/(ba|da)?sh)\s{0,2}(<\s{0,2}[^\s;]{1,40}\s{0,2})?2>&1\s{0,2}\|/
    condition:
        (gate_shell or gate_crontab or gate_unit or gate_php) and filesize < 64KB and all of them
}

rule reverse_shell_awk_inet
{
    meta:
        description = "awk that reads commands from a network connection"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "high"
        category = "reverse_shell"
    strings:
        $inet = /["']\/inet\/(tcp|udp)\/0\/[^"'\n]{3,80}["']/
        $get = /\|&\s{0,4}getline/
        $loop = /while\s{0,4}\(/
    condition:
        (gate_shell or gate_crontab or uint32be(0) == 0x61776B20 or uint32be(0) == 0x6761776B) and filesize < 32KB and $inet and #get > 1 and $loop
}

rule reverse_shell_lua_socket
{
    meta:
        description = "Lua that runs lines received from a socket"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $socket = /require\s{0,2}\(?\s{0,2}["']socket["']/
        $connect = /:connect\s{0,2}\(|socket\.connect\s{0,2}\(/
        $popen = /(io\.popen|os\.execute)\s{0,2}\(\s{0,2}(["'](\/bin\/)?(ba|da)?sh -i <&|\w{1,12}\s{0,2}[,)])/
        $receive = /:receive\s{0,2}\(/
    condition:
        (gate_shell or uint32be(0) == 0x6C6F6361 or uint32be(0) == 0x6C756120) and filesize < 32KB and $socket and $connect and $popen and ($receive or filesize < 1KB)
}

rule reverse_shell_node_socket
{
    meta:
        description = "Node.js that pipes a socket into a shell process"
        reference = "https://attack.mitre.org/techniques/T1059/007/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $net = /require\s{0,2}\(\s{0,2}["'](node:)?net["']\s{0,2}\)/
        $child = /require\s{0,2}\(\s{0,2}["'](node:)?child_process["']\s{0,2}\)/
        $shell = /\.?(spawn|exec)\s{0,2}\(\s{0,2}["'](\/bin\/)?((ba|da)?sh|cmd(\.exe)?)["']/
        $pipe = /\.pipe\s{0,2}\(\s{0,2}\w{1,12}\.stdin\s{0,2}\)/
        $back = /\.(stdout|stderr)\.pipe\s{0,2}\(/
    condition:
        filesize < 64KB and not gate_rule_text and (gate_wsh or gate_shell or uint32be(0) == 0x636F6E73 or uint32be(0) == 0x72657175 or uint32be(0) == 0x6C657420 or uint32be(0) == 0x6E6F6465) and $net and $child and $shell and $pipe and $back
}

rule reverse_shell_java_socket
{
    meta:
        description = "Java or Groovy loop that copies between a socket and a shell process"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $builder = /new\s{1,4}ProcessBuilder\s{0,2}\(\s{0,2}\w{1,12}\s{0,2}\)\.redirectErrorStream\s{0,2}\(\s{0,2}true\s{0,2}\)\.start/
        $runtime = /exec\s{0,2}\(\s{0,2}(new String\[\]\s{0,2}\{|\[)\s{0,2}["']\/bin\/(ba)?sh["']\s{0,2},\s{0,2}["']-c["'][^\n]{0,40}\/dev\/tcp\//
        $socket = /new\s{1,4}(java\.net\.)?Socket\s{0,2}\(/
        $copy = /while\s{0,2}\(\s{0,2}\w{1,4}\.available\s{0,2}\(\s{0,2}\)\s{0,2}>\s{0,2}0\s{0,2}\)/
    condition:
        filesize < 64KB and (gate_markup or uint32be(0) == 0x53747269 or uint32be(0) == 0x696D706F or uint32be(0) == 0x7061636B or uint32be(0) == 0x7075626C or uint32be(0) == 0x72203D20 or uint32be(0) == 0x64656620) and
        not gate_rule_text and ($runtime or ($builder and $socket and #copy > 1))
}

rule reverse_shell_telnet_pipes
{
    meta:
        description = "Shell between two telnet connections"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $pair = /\btelnet\s{1,4}[^\s|]{3,60}\s{1,4}[0-9]{1,5}\s{0,2}\|\s{0,2}(\/bin\/)?(ba|da)?sh\s{0,2}\|\s{0,2}telnet\s{1,4}[^\s|]{3,60}\s{1,4}[0-9]{1,5}/
    condition:
        (gate_shell or gate_crontab or uint32be(0) == 0x74656C6E) and filesize < 64KB and $pair
}

rule reverse_shell_zsh_ztcp
{
    meta:
        description = "zsh network module joined to a shell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "high"
        category = "reverse_shell"
    strings:
        $module = "zmodload zsh/net/tcp"
        $connect = /\bztcp\s{1,4}[^\s]{3,60}\s{1,4}[0-9]{1,5}/
        $shell = />&\s{0,2}\$REPLY\s{1,4}2>&\s{0,2}\$REPLY|<&\s{0,2}\$REPLY/
    condition:
        (gate_shell or gate_crontab or uint32be(0) == 0x7A6D6F64 or uint32be(0) == 0x7A736820) and filesize < 32KB and all of them
}

rule reverse_shell_powershell_tcp
{
    meta:
        description = "PowerShell that runs what a TCP stream sends and writes the result back"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        family = "generic"
        severity = "critical"
        category = "reverse_shell"
    strings:
        $client = /Net\.Sockets\.TCPClient\s{0,4}\(/ nocase
        $stream = /\.GetStream\s{0,4}\(/ nocase
        $invoke = /(\biex\b|Invoke-Expression)\s{0,4}[-$("]|\|\s{0,4}(iex|Invoke-Expression)/ nocase
        $prompt = /["']PS ["']\s{0,4}\+/ nocase
        $bytes = /\[byte\[\]\]\s{0,4}\$\w{1,20}\s{0,4}=\s{0,4}0\.\.65535/ nocase
        $write = /\.Write\s{0,4}\(\s{0,4}\$\w{1,20}\s{0,4},\s{0,4}0\s{0,4},/ nocase
    condition:
        (gate_powershell or gate_batch or gate_wsh or gate_markup) and filesize < 256KB and not gate_rule_text and $client and $stream and $invoke and any of ($prompt, $bytes, $write)
}

rule reverse_shell_go_source
{
    meta:
        description = "Go source that puts a network connection under a shell's streams"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "high"
        category = "reverse_shell"
    strings:
        $dial = /(net|tls)\.Dial\s{0,2}\(\s{0,2}"(tcp|udp)"/
        $shell = /exec\.Command\s{0,2}\(\s{0,2}"(\/bin\/)?((ba|da)?sh|cmd(\.exe)?)"/
        $in = /\.Stdin\s{0,2}=\s{0,2}(c|conn|con|sock|socket)\b/
        $out = /\.Stdout\s{0,2}=\s{0,2}(c|conn|con|sock|socket)\b/
    condition:
        uint32be(0) == 0x7061636B and filesize < 16KB and all of them
}

rule reverse_shell_elf_connect_exec
{
    meta:
        description = "Small program that names a shell, and has the calls of a connect-back shell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        family = "generic"
        severity = "medium"
        category = "reverse_shell"
    strings:
        $dup = "\x64up2" fullword
        $connect = "\x63onnect" fullword
        $socket = "\x73ocket" fullword
        $exec = /\bexec(ve|v|l|lp|vp)\b/
        $inet = /\x00(inet_addr|inet_pton|inet_aton)\x00/
        $shell = /\x00\/bin\/(ba)?sh\x00/
        $usage = "\x75sage" nocase
    condition:
        uint32be(0) == 0x7F454C46 and filesize < 24KB and all of ($dup, $connect, $socket, $exec, $inet, $shell) and not $usage
}
