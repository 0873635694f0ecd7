// What a receipt's check found and did.

namespace Idem.Verification;

/// <summary>A field of a receipt that is not what the model gives.</summary>
/// <param name="Field">Its name, such as <c>model.weights</c> or <c>samples[0].tokens[5].id</c>; <c>sampling</c> and <c>prompt.ids</c> where the whole of them is at fault.</param>
/// <param name="Sample">The sample that shows it; null for what needs no token.</param>
/// <param name="Token">The token that shows it, from 0.</param>
/// <param name="Stated">What the receipt says.</param>
/// <param name="Found">What the model gives.</param>
/// <param name="Reason">Why it is this field, or what follows.</param>
/// <param name="Or">Another field that may be at fault as well as the first; null where it is certain.</param>
public sealed record ReceiptMismatch(string Field, int? Sample, int? Token, string Stated, string Found, string Reason, string? Or = null)
{
    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        string place = Token is { } token ? $"{(Sample > 0 ? $"sample {Sample}, " : "")}token {token}: " : "";
        return $"{place}the receipt says {Stated}, {Found}{(Reason == "" ? "" : ": " + Reason)}";
    }
}

/// <summary>One place of a receipt.</summary>
/// <param name="Sample">The sample's number.</param>
/// <param name="Token">The token, from 0.</param>
public readonly record struct ReceiptPlace(int Sample, int Token);

/// <summary>What a check did and found.</summary>
/// <param name="Executed">Tokens that were computed again and compared.</param>
/// <param name="Mismatches">What differs, nothing if it is equal: every field of the model, or the first of the tokens.</param>
public sealed record ReceiptReport(int Executed, IReadOnlyList<ReceiptMismatch> Mismatches)
{
    /// <summary>Whether all that was compared is equal.</summary>
    public bool Equal => Mismatches.Count == 0;
}
