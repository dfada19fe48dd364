rule eicar_test_file
{
    meta:
        description = "The EICAR anti-malware test file: harmless, made to be detected"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
        family = "eicar"
        severity = "low"
        category = "eicar"
    strings:
        $eicar = "\x585O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    condition:
        filesize <= 128 and $eicar at 0
}

rule eicar_mail_attachment
{
    meta:
        description = "A mail that carries the EICAR test file as a base64 attachment"
        reference = "https://www.eicar.org/download-anti-malware-testfile/"
        family = "eicar"
        severity = "low"
        category = "eicar"
    strings:
        $line = "\x57DVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNU"
        $encoding = "base64" nocase
    condition:
        gate_mail and $line and $encoding
}
