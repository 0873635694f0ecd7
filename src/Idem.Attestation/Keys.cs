// Keys in PEM files as OpenSSL writes them (PKCS #8 private, SubjectPublicKeyInfo public), Ed25519 or ECDSA on P-256. Ed25519 is
// NSec's, whose native library is loaded when the first such key is used, and at no other time; ECDSA is .NET's.

using System.Formats.Asn1;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace Idem.Attestation;

/// <summary>A private key.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly Key? _ed25519;
    private readonly ECDsa? _p256;

    private SigningKey(Key? ed25519, ECDsa? p256, VerificationKey publicKey)
    {
        _ed25519 = ed25519;
        _p256 = p256;
        Public = publicKey;
    }

    /// <summary>The public key that belongs to it.</summary>
    public VerificationKey Public { get; }

    /// <summary>Reads a PEM file of a private key.</summary>
    /// <exception cref="AttestationException">It is not one, is encrypted, or of another kind.</exception>
    /// <exception cref="SignatureUnavailableException">Ed25519 cannot be computed here.</exception>
    public static SigningKey Read(string file)
    {
        byte[] key = Pem.Read(file, "PRIVATE KEY", out string kind);
        try
        {
            if (kind == Pem.Ed25519)
            {
                Key ed25519 = Pem.WithSodium(() => Key.Import(SignatureAlgorithm.Ed25519, key, KeyBlobFormat.PkixPrivateKey));
                return new SigningKey(ed25519, null, VerificationKey.Of(file, ed25519.PublicKey.Export(KeyBlobFormat.PkixPublicKey)));
            }

            ECDsa p256 = ECDsa.Create();
            p256.ImportPkcs8PrivateKey(key, out _);
            return new SigningKey(null, p256, VerificationKey.Of(file, p256.ExportSubjectPublicKeyInfo()));
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            throw new AttestationException(file, $"is not a private key ({exception.Message.TrimEnd('.')})", Pem.Make, exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>A signature: Ed25519's 64 bytes, or ECDSA's over SHA-256 in DER.</summary>
    public byte[] Sign(byte[] data) => _ed25519 is not null
        ? Pem.WithSodium(() => SignatureAlgorithm.Ed25519.Sign(_ed25519, data))
        : _p256!.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>Forgets the key.</summary>
    public void Dispose()
    {
        _ed25519?.Dispose();
        _p256?.Dispose();
    }
}

/// <summary>A public key.</summary>
public sealed class VerificationKey
{
    private readonly byte[] _info;
    private readonly bool _isEd25519;

    private VerificationKey(byte[] info, bool isEd25519)
    {
        _info = info;
        _isEd25519 = isEd25519;
    }

    /// <summary>The digest of its SubjectPublicKeyInfo.</summary>
    public string KeyId => Audit.Digest.Of(_info).ToString();

    /// <summary>Ed25519 or ECDSA P-256.</summary>
    public string Kind => _isEd25519 ? "Ed25519" : "ECDSA P-256";

    /// <summary>Reads a PEM file of a public key.</summary>
    /// <exception cref="AttestationException">It is not one, or of another kind.</exception>
    public static VerificationKey Read(string file) => Of(file, Pem.Read(file, "PUBLIC KEY", out _));

    /// <summary>Whether a signature over this data is of this key.</summary>
    /// <exception cref="SignatureUnavailableException">Ed25519 cannot be computed here.</exception>
    public bool Verify(byte[] data, byte[] signature)
    {
        if (_isEd25519)
        {
            return Pem.WithSodium(() => SignatureAlgorithm.Ed25519.Verify(PublicKey.Import(SignatureAlgorithm.Ed25519, _info, KeyBlobFormat.PkixPublicKey), data, signature));
        }

        using ECDsa p256 = ECDsa.Create();
        p256.ImportSubjectPublicKeyInfo(_info, out _);
        return p256.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    internal static VerificationKey Of(string file, byte[] info)
    {
        bool isEd25519 = Pem.KindOf(file, info, isPrivate: false) == Pem.Ed25519;
        try
        {
            _ = isEd25519
                ? Pem.WithSodium(() => PublicKey.Import(SignatureAlgorithm.Ed25519, info, KeyBlobFormat.PkixPublicKey)) as object
                : System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(info, out _).GetECDsaPublicKey()!;
            return new VerificationKey(info, isEd25519);
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            throw new AttestationException(file, $"is not a public key ({exception.Message.TrimEnd('.')})", Pem.Make, exception);
        }
    }
}

/// <summary>The files that keys are in.</summary>
internal static class Pem
{
    public const string Ed25519 = "1.3.101.112";
    public const string Make = "Make one with 'openssl genpkey -algorithm ed25519 -out key.pem', and its public half with 'openssl pkey -in key.pem -pubout -out key.pub.pem'";

    private const string EllipticCurve = "1.2.840.10045.2.1", P256 = "1.2.840.10045.3.1.7";

    /// <summary>The bytes inside, and the identifier of their algorithm.</summary>
    public static byte[] Read(string file, string label, out string kind)
    {
        string text = File.ReadAllText(file);
        if (!PemEncoding.TryFind(text, out PemFields fields))
        {
            throw new AttestationException(file, "is not a PEM file", Make);
        }

        string found = text[fields.Label];
        byte[] data = found == label ? Convert.FromBase64String(text[fields.Base64Data]) : throw new AttestationException(
            file, $"is a {found}, not a {label}", found == "ENCRYPTED PRIVATE KEY" ? "Decrypt it first: openssl pkey -in FILE -out key.pem" : Make);
        kind = KindOf(file, data, label == "PRIVATE KEY");
        return data;
    }

    /// <summary>The algorithm of a key, which is one of the two.</summary>
    public static string KindOf(string file, byte[] data, bool isPrivate)
    {
        try
        {
            AsnReader key = new AsnReader(data, AsnEncodingRules.BER).ReadSequence();
            if (isPrivate)
            {
                _ = key.ReadInteger(); // version
            }

            AsnReader algorithm = key.ReadSequence();
            string kind = algorithm.ReadObjectIdentifier();
            return kind == Ed25519 || (kind == EllipticCurve && algorithm.ReadObjectIdentifier() == P256)
                ? kind
                : throw new AttestationException(file, $"is a key of another kind ({kind})", "Ed25519 and ECDSA on P-256 are supported. " + Make);
        }
        catch (AsnContentException exception)
        {
            throw new AttestationException(file, "is not a key", Make, exception);
        }
    }

    /// <summary>Runs what needs NSec's native library.</summary>
    public static T WithSodium<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or TypeInitializationException or PlatformNotSupportedException)
        {
            throw new SignatureUnavailableException(
                "Ed25519 needs the library libsodium, which this system cannot load: use an ECDSA key (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)", exception);
        }
    }
}
