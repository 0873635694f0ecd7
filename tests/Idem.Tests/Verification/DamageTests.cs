using Idem.Formats;
using Idem.Tests.Formats;
using Idem.Tests.Support;
using Idem.Tests.Training;
using Idem.Training;
using Idem.Verification;

namespace Idem.Tests.Verification;

/// <summary>Any changed byte of a run folder is found without executing a step, and its file is named.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FaultyFileSystem _files = new();

    public DamageTests() => TinyRun.Train(_files, _folder.Write("text.txt", "abab\n"u8.ToArray()), steps: 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_flipped_byte_at_any_offset_of_any_file_is_found_and_the_file_named()
    {
        Check();
        Random random = new(1);
        int offsets = 0;
        foreach (string file in TinyRun.Evidence(_files).ToArray())
        {
            byte[] good = _files.Content(file);
            for (int offset = 0; offset < good.Length; offset++, offsets++)
            {
                byte[] bad = [.. good];
                bad[offset] ^= (byte)random.Next(1, 256);
                RequireFound(file, bad, $"byte {offset} is {bad[offset]:x2} for {good[offset]:x2}");
            }

            _files.Replace(file, good);
        }

        Assert.True(offsets > 5000, $"{offsets} offsets");
        Check();
    }

    [Fact]
    public void A_file_cut_at_any_length_or_longer_is_found_and_named()
    {
        foreach (string file in TinyRun.Evidence(_files).ToArray())
        {
            byte[] good = _files.Content(file);
            for (int length = 0; length < good.Length; length += 1 + (length / 16))
            {
                RequireFound(file, good[..length], $"cut to {length} bytes");
            }

            RequireFound(file, good[..^1], "cut by a byte");
            foreach (byte more in "\0\n }"u8)
            {
                RequireFound(file, [.. good, more], $"{more:x2} appended");
            }

            _files.Replace(file, good);
        }
    }

    /// <summary>Times are no evidence: nothing they could say changes what is verified.</summary>
    [Fact]
    public void Times_are_outside_of_the_evidence()
    {
        string timing = TinyRun.Path + "/" + RunTiming.FileName;
        RunTimes times = RunTiming.Read(RunFolder.Open(_files, TinyRun.Path));
        Assert.Equal((1, 1, 2), (times.Processes.Count, times.Steps.Count, times.Steps[0].Tokens));
        byte[] good = _files.Content(timing);
        for (int length = 0; length < good.Length; length++)
        {
            _files.Replace(timing, good[..length]);
            Assert.True(RunTiming.Read(RunFolder.Open(_files, TinyRun.Path)).Steps.Count <= 1);
        }

        Check();
    }

    private void RequireFound(string file, byte[] bad, string how)
    {
        _files.Replace(file, bad);
        try
        {
            Check();
        }
        catch (CorruptFileException exception)
        {
            Assert.True(exception.Message.Contains(file, StringComparison.Ordinal), $"{file}, {how}: {exception.Message}");
            return;
        }

        Assert.Fail($"{file}, {how}: not found");
    }

    private void Check() => RunEvidence.Check(RunFolder.Open(_files, TinyRun.Path), null, default);
}
