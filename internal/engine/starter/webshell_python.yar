rule webshell_python_request_exec
{
    meta:
        description = "Python web handler that runs a command taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $popen = /\b(os\.(popen|system|exec[lv]p?e?)|subprocess\.(Popen|run|call|check_output|getoutput|getstatusoutput)|commands\.getoutput)\s{0,4}\(\s{0,4}\[?[^)\n]{0,60}\b(flask\.)?request\.(args|form|values|GET|POST|cookies|headers|json|params|query|data|get_json)/
    condition:
        gate_python and filesize < 256KB and $popen
}

rule webshell_python_request_eval
{
    meta:
        description = "Python web handler that evaluates text taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\b(eval|exec)\s{0,4}\(\s{0,4}(compile\s{0,4}\(\s{0,4})?(base64\.b64decode\s{0,4}\(\s{0,4})?(str\s{0,4}\(\s{0,4})?(flask\.|self\.)?request\.(args|form|values|GET|POST|cookies|headers|json|params|query|data|get_json|get_argument|body)/
    condition:
        gate_python and filesize < 256KB and $eval
}

rule webshell_python_cgi
{
    meta:
        description = "Python CGI script that runs a form field as a command"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $field = /cgi\.FieldStorage\s{0,4}\(/
        $value = /\.getvalue\s{0,4}\(\s{0,4}['"](cmd|command|c|exec|shell|x|q)['"]|\[\s{0,4}['"](cmd|command|c|exec|shell)['"]\s{0,4}\]\.value/
        $run = /\b(os\.(popen|system)|subprocess\.(Popen|run|call|check_output|getoutput)|commands\.getoutput)\s{0,4}\(/
    condition:
        gate_python and filesize < 64KB and all of them
}

rule webshell_python_http_server
{
    meta:
        description = "Python HTTP server whose handler runs the path or body it is sent"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $base = /(BaseHTTPRequestHandler|SimpleHTTPRequestHandler)/
        $run = /\b(os\.(popen|system)|subprocess\.(Popen|run|call|check_output|getoutput))\s{0,4}\([^)\n]{0,60}(self\.path|self\.rfile|self\.headers|query|qs|params|post_data|post_body|content)\b/
        $shell = /shell\s{0,2}=\s{0,2}True|os\.(popen|system)/
    condition:
        gate_python and filesize < 64KB and all of them
}

rule webshell_perl_cgi
{
    meta:
        description = "Perl CGI script that runs a request parameter"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $cgi = /\buse CGI\b|\$ENV\{['"]?QUERY_STRING['"]?\}/
        $run = /(\b(system|exec|open\s{0,2}\(?\s{0,2}\w{1,10}\s{0,2},)\s{0,4}\(?\s{0,4}["']?|`)[^;\n`]{0,20}(param\s{0,4}\(\s{0,4}['"](cmd|command|c|exec|shell|run)['"]|\$(in|form|FORM|query)\{['"]?(cmd|command|c|exec|shell|run)['"]?\})/ nocase
        $header = /Content-type:\s{0,2}text\/|->header|print header/ nocase
    condition:
        uint16be(0) == 0x2321 and filesize < 128KB and all of them
}

rule webshell_perl_cgitelnet
{
    meta:
        description = "CGI-Telnet console and its copies"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "cgitelnet"
        severity = "critical"
        category = "webshell"
    strings:
        $name = /CGI-Telnet/ nocase
        $timeout = "$CommandTimeoutDuration"
        $prompt = /sub (PrintCommandLineInputForm|CommandTimeout|PrintLoginForm|PerformLogout)\b/
        $pass = /\$Password\s{0,2}=\s{0,2}"/
    condition:
        filesize < 128KB and (uint16be(0) == 0x2321 or gate_markup) and $prompt and 2 of ($name, $timeout, $pass)
}

rule webshell_cgi_shell
{
    meta:
        description = "Shell CGI script that evaluates the query string"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /(\beval|\b(ba|da|z)?sh -c|\bexec)\s{1,4}["']?[^\n]{0,60}\$\{?QUERY_STRING/
        $pipe = /\$\{?(QUERY_STRING|HTTP_[A-Z_]{2,20})\}?["']?[^\n]{0,80}\|\s{0,2}(\/bin\/)?(ba|da)?sh\b/
        $type = /Content-type:/ nocase
    condition:
        uint16be(0) == 0x2321 and filesize < 32KB and $type and ($eval or $pipe)
}

rule webshell_nodejs_request_exec
{
    meta:
        description = "Node.js handler that runs a command taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $child = /require\s{0,4}\(\s{0,4}['"](node:)?child_process['"]\s{0,4}\)/
        $run = /\b(exec|execSync|spawn|spawnSync)\s{0,4}\(\s{0,4}[^;\n]{0,30}\b(req|request)\.(query|body|headers|params|cookies)\b/
        $eval = /\beval\s{0,4}\(\s{0,4}(Buffer\.from\s{0,4}\(\s{0,4})?(req|request)\.(query|body|headers|params|cookies)\b/
    condition:
        filesize < 128KB and not gate_rule_text and (gate_wsh or uint16be(0) == 0x2321 or uint32be(0) == 0x636F6E73 or uint32be(0) == 0x6C657420 or uint32be(0) == 0x27757365 or uint32be(0) == 0x696D706F) and
        (($child and $run) or $eval)
}
