rule webshell_aspx_eval_request
{
    meta:
        description = "ASPX that evaluates a request item, the server side of China Chopper"
        reference = "https://attack.mitre.org/software/S0020/"
        family = "chopper"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\beval\s{0,4}\(\s{0,4}(System\.Text\.Encoding\.[A-Za-z0-9().]{1,40}GetString\s{0,4}\(\s{0,4}(System\.)?Convert\.FromBase64String\s{0,4}\(\s{0,4})?Request\s{0,4}[.\[(]/ nocase
        $unsafe = /["']unsafe["']\s{0,4}\)/
        $jscript = /Language\s{0,4}=\s{0,4}["']?J(ava)?script/ nocase
    condition:
        gate_markup and filesize < 64KB and $eval and ($unsafe or $jscript)
}

rule webshell_asp_eval_request
{
    meta:
        description = "Classic ASP that evaluates or executes a request item"
        reference = "https://attack.mitre.org/software/S0020/"
        family = "chopper"
        severity = "critical"
        category = "webshell"
    strings:
        $eval = /\b(eval|execute|executeglobal)\s{0,4}\(?\s{0,4}(unescape\s{0,4}\(\s{0,4})?request\s{0,4}(\.(form|querystring|item|cookies)\s{0,4})?\(\s{0,4}["'#c]/ nocase
        $open = "<%"
    condition:
        gate_markup and filesize < 64KB and $eval and $open
}

rule webshell_aspx_process_start
{
    meta:
        description = "ASPX that starts a shell with text from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $start = /(System\.Diagnostics\.)?Process(StartInfo)?\s{0,4}(\.Start\s{0,4}\(|\()/
        $shell = /["'](c:\\\\?windows\\\\?system32\\\\?)?(cmd|powershell)(\.exe)?["']/ nocase
        $args = /["']\/c\s{0,2}["']\s{0,4}[+&]|\.Arguments\s{0,4}=/
        $request = /Request\s{0,4}(\.\s{0,4}(Form|QueryString|Params|Item|Headers)|\[)|\.Text\b/
        $open = /<%@?\s{0,4}(Page|WebHandler|Import|WebService)/ nocase
    condition:
        gate_markup and filesize < 128KB and all of them
}

rule webshell_aspx_assembly_load
{
    meta:
        description = "ASPX that decrypts the request body and loads it as an assembly (Behinder, Godzilla)"
        reference = "https://attack.mitre.org/techniques/T1620/"
        family = "behinder"
        severity = "critical"
        category = "webshell"
    strings:
        $load = /(Assembly\s{0,4}\.\s{0,4}Load\s{0,4}\(|GetMethod\s{0,4}\(\s{0,4}"Load")/
        $rijndael = /(RijndaelManaged|AesCryptoServiceProvider|Aes\.Create|Rijndael\.Create)/
        $body = /(Request\s{0,4}\.\s{0,4}BinaryRead|Request\s{0,4}\.\s{0,4}InputStream|Convert\s{0,4}\.\s{0,4}FromBase64String\s{0,4}\(\s{0,4}(Context\.)?Request)/
        $instance = /CreateInstance\s{0,4}\(/
        $open = "<%"
    condition:
        gate_markup and filesize < 64KB and $open and $load and $body and ($rijndael or $instance)
}

rule webshell_aspx_code_compiler
{
    meta:
        description = "ASPX that compiles and runs source taken from the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $provider = /(CSharpCodeProvider|VBCodeProvider|CodeDomProvider)/
        $compile = /CompileAssemblyFromSource\s{0,4}\(/
        $memory = /GenerateInMemory\s{0,4}=\s{0,4}true/ nocase
        $request = /Request\s{0,4}(\.\s{0,4}(Form|QueryString|Params|Item|Headers|InputStream)|\[)/
        $open = "<%"
    condition:
        gate_markup and filesize < 64KB and all of them
}

rule webshell_asp_wscript_shell
{
    meta:
        description = "Classic ASP that runs a request item through WScript.Shell"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "critical"
        category = "webshell"
    strings:
        $shell = /CreateObject\s{0,4}\(\s{0,4}"(wscript|shell)\.(shell|application)"/ nocase
        $run = /\.(exec|run|shellexecute)\s{0,4}\(?[^\n]{0,80}(request\s{0,4}[.(]|cmd|szCMD|command)/ nocase
        $request = /request\s{0,4}(\.(form|querystring)\s{0,4})?\(\s{0,4}"/ nocase
        $open = "<%"
    condition:
        gate_markup and filesize < 128KB and all of them
}

rule webshell_aspx_file_writer
{
    meta:
        description = "Small ASPX or ASP page that writes a file named and filled by the request"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        family = "generic"
        severity = "high"
        category = "webshell"
    strings:
        $write = /(File\s{0,4}\.\s{0,4}WriteAll(Text|Bytes)|StreamWriter\s{0,4}\(|File\s{0,4}\.\s{0,4}CreateText\s{0,4}\(|CreateTextFile\s{0,4}\(|\.SaveToFile)[^;\n]{0,120}Request\s{0,4}[.\[(]/ nocase
        $content = /(Request\s{0,4}(\.\s{0,4}(Form|QueryString|Params|Item))?\s{0,4}[\[(]\s{0,4}["'][^"'\n]{1,30}["'][^\n]{0,200}){2}/ nocase
        $open = "<%"
    condition:
        gate_markup and filesize < 8KB and all of them
}

rule webshell_aspx_exchange_oab
{
    meta:
        description = "Exchange offline address book file whose external URL holds a script block"
        reference = "https://nvd.nist.gov/vuln/detail/CVE-2021-27065"
        family = "chopper"
        severity = "critical"
        category = "webshell"
    strings:
        $oab = "OAB (Default Web Site)"
        $url = /ExternalUrl\s{0,20}:\s{0,4}https?:\/\/[^\n]{1,10}\/?<script/ nocase
        $eval = /\b(eval|Execute)\s{0,4}\(\s{0,4}Request/ nocase
        $runat = /runat\s{0,4}=\s{0,4}["']server["']/ nocase
    condition:
        filesize < 64KB and not gate_rule_text and $url and $runat and ($oab or $eval)
}

rule webshell_dotnet_supernova
{
    meta:
        description = "SUPERNOVA: a web handler library that compiles C# sent to it"
        reference = "https://attack.mitre.org/software/S0578/"
        family = "supernova"
        severity = "critical"
        category = "webshell"
    strings:
        $run = "\x44ynamicRun"
        $handler = "\x4CogoImageHandler"
        $compile = "\x43ompileAssemblyFromSource"
        $codes = "\x63odes" wide fullword
        $clazz = "\x63lazz" wide fullword
    condition:
        gate_pe and filesize < 1MB and $compile and 3 of ($run, $handler, $codes, $clazz)
}

rule webshell_aspx_spy
{
    meta:
        description = "ASPXSpy and pages derived from it"
        reference = "https://attack.mitre.org/software/S0073/"
        family = "aspxspy"
        severity = "critical"
        category = "webshell"
    strings:
        $name = /ASPXspy/ nocase
        $login = /\b(Bin_Button_Login|Bin_List_|ZSnXu|Bin_Span_)/
        $pass = /string\s{1,4}Password\s{0,4}=\s{0,4}"[0-9a-f]{32}"/ nocase
        $scan = /Port ?Map|PortScan|IISSpy|Bin_IISSpy/ nocase
        $process = "System.Diagnostics" nocase
    condition:
        gate_markup and filesize < 512KB and $process and 2 of ($name, $login, $pass, $scan)
}
