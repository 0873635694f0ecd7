// The errors of attestations: a file that is none, and a signature that cannot be made or checked here.

using Idem.Formats;

namespace Idem.Attestation;

/// <summary>An envelope, a statement or a key whose bytes are not what they should be.</summary>
public sealed class AttestationException(string file, string what, string remedy, Exception? inner = null) : CorruptFileException(file, what, remedy, inner);

/// <summary>Signatures of this kind cannot be computed on this machine.</summary>
public sealed class SignatureUnavailableException(string message, Exception inner) : Exception(message, inner);
