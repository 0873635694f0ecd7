// Envelopes and statements: signed by keys as OpenSSL writes them, checked by OpenSSL and by us, and what differs is named.

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Attestation;
using Idem.Tests.Cli;
using Idem.Tests.Support;
using Idem.Tests.Training;
using Idem.Training;

namespace Idem.Tests.Attestation;

public sealed class AttestationTests : IDisposable
{
    // The key of RFC 8032's first test, as openssl writes keys.
    private const string Ed25519 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    private const string Ed25519Public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    private readonly TemporaryFolder _folder = new();

    public AttestationTests()
    {
        File.WriteAllText(_folder["ed.pem"], Ed25519);
        File.WriteAllText(_folder["ed.pub.pem"], Ed25519Public);
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["ec.pem"], p256.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder["ec.pub.pem"], p256.ExportSubjectPublicKeyInfoPem());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The protocol's own example, and RFC 8032's first signature.</summary>
    [Fact]
    public void WhatIsSignedIsTheProtocolsEncoding()
    {
        Assert.Equal("DSSEv1 29 http://example.com/HelloWorld 11 hello world", Encoding.ASCII.GetString(Envelope.Encode("http://example.com/HelloWorld", "hello world"u8)));
        using SigningKey key = SigningKey.Read(_folder["ed.pem"]);
        Assert.Equal("Ed25519", key.Public.Kind);
        Assert.Equal(VerificationKey.Read(_folder["ed.pub.pem"]).KeyId, key.Public.KeyId);
        byte[] empty = Convert.FromHexString(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
        Assert.Equal(empty, key.Sign([]));
        Assert.True(key.Public.Verify([], empty));
    }

    [Theory]
    [InlineData("ed")]
    [InlineData("ec")]
    public void AChangedBitOfPayloadTypeOrSignatureIsFound(string name)
    {
        using SigningKey key = SigningKey.Read(_folder[name + ".pem"]);
        byte[] payload = Encoding.UTF8.GetBytes("""{"a":1}""");
        File.WriteAllBytes(_folder["e.json"], Envelope.Sign(Envelope.InToto, payload, key).ToBytes());
        Envelope envelope = Envelope.Read(_folder["e.json"]);
        Assert.True(envelope.IsSignedBy(key.Public));
        Assert.False(envelope.IsSignedBy(VerificationKey.Read(_folder[name == "ed" ? "ec.pub.pem" : "ed.pub.pem"])));
        Assert.False((envelope with { PayloadType = Envelope.InToto + " " }).IsSignedBy(key.Public));
        foreach (byte[] bytes in new[] { envelope.Payload, envelope.Signatures[0].Bytes })
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
                Assert.False(envelope.IsSignedBy(key.Public));
                bytes[i] ^= 1;
            }
        }
    }

    /// <summary>The commands of docs/attestation.md, as they stand there.</summary>
    [Theory]
    [InlineData("ed", 1)]
    [InlineData("ec", 2)]
    public void OpenSslAloneChecksASignature(string name, int command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "openssl"))),
            "openssl is not installed (Debian: apt-get install openssl)");
        string model = TinyFolder.Write(_folder, "gpt2", "model");
        IdemProcess.Outcome attested = IdemProcess.Run("attest", model, "--key", _folder[name + ".pem"], "--out", _folder["demo.dsse.json"]);
        Assert.True(attested.ExitCode == 0, attested.ToString());
        File.Copy(_folder[name + ".pub.pem"], _folder["key.pub.pem"]);
        string document = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "docs", "attestation.md"));
        string[] blocks = [.. document.Split("```sh\n").Skip(1).Select(part => part.Split("```")[0])];
        Assert.Equal(3, blocks.Length);
        Assert.Equal(0, Shell(blocks[0] + blocks[command]));

        JsonNode statement = JsonNode.Parse(File.ReadAllBytes(_folder["payload"]))!;
        foreach (JsonNode? subject in statement["subject"]!.AsArray().Where(subject => subject!["digest"]!["sha256"] is not null))
        {
            byte[] file = File.ReadAllBytes(Path.Combine(model, (string)subject!["name"]!));
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), (string)subject["digest"]!["sha256"]!);
        }

        File.WriteAllText(_folder["payload"], File.ReadAllText(_folder["payload"]).Replace("idem-1", "idem-2", StringComparison.Ordinal));
        Assert.NotEqual(0, Shell(blocks[0].Split('\n')[2] + "\n" + blocks[command]));
    }

    [Fact]
    public void ARunIsWhatWasSignedOrWhatDiffersIsNamed()
    {
        string run = _folder["run"];
        IdemProcess.Outcome trained = IdemProcess.Run(
            "train", "--data", "demo:", "--out", run, "--n-layer", "1", "--n-embd", "16", "--n-head", "2", "--n-positions", "16", "--batch-size", "4",
            "--steps", "4", "--checkpoint-every", "2", "--eval-every", "4", "--eval-windows", "2", "--warmup-steps", "2", "--sample-every", "0");
        Assert.True(trained.ExitCode == 0, trained.ToString());
        Assert.Equal(0, Attest(run, "ed").ExitCode);
        Assert.Equal(0, Verify(run, "ed").ExitCode);
        JsonNode predicate = JsonNode.Parse(Envelope.Read(_folder["a.json"]).Payload)!["predicate"]!;
        string last = File.ReadAllLines(Path.Combine(run, "ledger.jsonl"))[^1];
        Assert.Equal((string)JsonNode.Parse(last)!["hash"]!, (string)predicate["ledger"]!["hash"]!);
        Assert.Equal(4, (int)predicate["ledger"]!["lines"]!);

        // What the run states of itself is signed, not what this version would state.
        string path = Path.Combine(run, RunManifest.FileName);
        byte[] bytes = File.ReadAllBytes(path);
        foreach (string[] names in new[] { ["threads", "a later name"], Array.Empty<string>() })
        {
            File.WriteAllBytes(path, (RunManifest.Decode(bytes, path) with { InvariantUnder = names }).Encode());
            Assert.Equal(names, Statements.Of(run).Predicate["invariant_under"]?.AsArray().Select(name => (string)name!) ?? []);
        }

        File.WriteAllBytes(path, bytes);
        ExitCodeTests.AssertFailure(Verify(run, "ec"), 3, "not signed by the key");
        Directory.Delete(Path.Combine(run, "checkpoints", "step-00000002"), recursive: true);
        ExitCodeTests.AssertFailure(Verify(run, "ed"), 3, "checkpoints/step-00000002/config.json is attested as sha256:");
        File.AppendAllText(Path.Combine(run, "tokenizer.json"), " ");
        ExitCodeTests.AssertFailure(Verify(run, "ed"), 4, "tokenizer.json");
    }

    [Fact]
    public void AModelAndAReceiptAreWhatWasSignedOrWhatDiffersIsNamed()
    {
        string model = TinyFolder.Write(_folder, "llama", "model"), receipt = _folder["r.json"];
        Assert.Equal(0, IdemProcess.Run("generate", model, "--prompt", "the", "--max-tokens", "3", "--receipt", receipt).ExitCode);
        Assert.Equal(0, Attest(receipt, "ec").ExitCode);
        Assert.Equal(0, Verify(receipt, "ec").ExitCode);
        Assert.Equal(0, IdemProcess.Run("generate", model, "--prompt", "the", "--max-tokens", "4", "--receipt", receipt).ExitCode);
        ExitCodeTests.AssertFailure(Verify(receipt, "ec"), 3, "receipt.json is attested as sha256:");
        ExitCodeTests.AssertFailure(Verify(model, "ec"), 3, "predicateType is attested as urn:idem:attestation:receipt:1");

        Assert.Equal(0, Attest(model, "ed").ExitCode);
        File.WriteAllText(Path.Combine(model, "README.md"), "not part of the model");
        Assert.Equal(0, Verify(model, "ed").ExitCode);
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "{{ messages[0].content }}");
        ExitCodeTests.AssertFailure(Verify(model, "ed"), 3, "chat_template.jinja is not attested");
        File.Delete(Path.Combine(model, "chat_template.jinja"));
        byte[] weights = File.ReadAllBytes(Path.Combine(model, "model.safetensors"));
        weights[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(model, "model.safetensors"), weights);
        ExitCodeTests.AssertFailure(Verify(model, "ed"), 3, "model.safetensors is attested as sha256:");
    }

    [Fact]
    public void WrongKeysAndFilesAreNamed()
    {
        string model = TinyFolder.Write(_folder, "gpt2", "model");
        using RSA rsa = RSA.Create(2048);
        File.WriteAllText(_folder["rsa.pem"], rsa.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder["cut.pem"], Ed25519.Replace("MC4CAQAwBQYDK2VwBCIEIJ1h", "MCACAQAwBQYDK2VwBCIEIJ1h", StringComparison.Ordinal));
        File.WriteAllText(_folder["no.json"], """{"payloadType":"application/vnd.in-toto+json"}""");
        ExitCodeTests.AssertFailure(Attest(model, "rsa"), 4, "a key of another kind");
        ExitCodeTests.AssertFailure(Attest(model, "cut"), 4, "cut.pem");
        ExitCodeTests.AssertFailure(Attest(model, "ed.pub"), 4, "is a PUBLIC KEY, not a PRIVATE KEY");
        ExitCodeTests.AssertFailure(Attest(model, "none"), 1, "none.pem");
        ExitCodeTests.AssertFailure(IdemProcess.Run("attest", model, "--key", _folder["ed.pem"]), 2, "--out");
        ExitCodeTests.AssertFailure(IdemProcess.Run("attest", model, "--key", _folder["ed.pem"], "--out", _folder["nowhere/a.json"]), 1, "does not exist");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", model, "--attestation", _folder["no.json"]), 2, "give --key");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", model, "--attestation", _folder["no.json"], "--key", _folder["ed.pub.pem"]), 4, "it has no payload");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", model, "--attestation", _folder["no.json"], "--key", _folder["ed.pub.pem"], "--ledger"), 2, "--ledger is for a run folder");
    }

    /// <summary>Only Ed25519 needs a native library, and nothing else notices where there is none.</summary>
    [Fact]
    public void WithoutTheNativeLibraryOnlyEd25519IsMissing()
    {
        string copy = Directory.CreateDirectory(_folder["idem"]).FullName, model = TinyFolder.Write(_folder, "gpt2", "model");
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        Assert.Equal(0, Idem("doctor").ExitCode);
        Assert.Equal(0, Idem("generate", model, "--prompt", "a", "--max-tokens", "2", "--receipt", _folder["r.json"]).ExitCode);
        Assert.Equal(0, Idem("attest", model, "--key", _folder["ec.pem"], "--out", _folder["a.json"]).ExitCode);
        Assert.Equal(0, Idem("verify", model, "--attestation", _folder["a.json"], "--key", _folder["ec.pub.pem"]).ExitCode);
        ExitCodeTests.AssertFailure(Idem("attest", model, "--key", _folder["ed.pem"], "--out", _folder["b.json"]), 1, "use an ECDSA key");

        IdemProcess.Outcome Idem(params string[] arguments) => IdemProcess.RunFrom(copy, arguments);
    }

    private IdemProcess.Outcome Attest(string path, string key) => IdemProcess.Run("attest", path, "--key", _folder[key + ".pem"], "--out", _folder["a.json"]);

    private IdemProcess.Outcome Verify(string path, string key) => IdemProcess.Run("verify", path, "--attestation", _folder["a.json"], "--key", _folder[key + ".pub.pem"]);

    private int Shell(string commands)
    {
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-ec", commands]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
