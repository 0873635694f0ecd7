// Text that a tokenizer has no tokens for. Nothing is ever dropped or replaced in silence.

namespace Idem.Tokenizers;

/// <summary>A text holds a piece that the vocabulary cannot express.</summary>
public sealed class TokenizationException : Exception
{
    /// <summary>Creates the exception for <paramref name="piece"/> at code point <paramref name="position"/>.</summary>
    public TokenizationException(string piece, int position, string message)
        : base(message)
    {
        Piece = piece;
        Position = position;
    }

    /// <summary>The piece without a token: one character for a character-level tokenizer.</summary>
    public string Piece { get; }

    /// <summary>Index in code points, from 0, in the text that was encoded (after normalization, where there is any).</summary>
    public int Position { get; }
}
