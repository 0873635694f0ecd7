using System.Diagnostics;
using Idem.Formats;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>What is no plain file is never replaced by one, and what cannot be written is named before anything is computed.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string[]> Writers => new()
    {
        { "--receipt", ["generate", "{model}", "--ids", "1", "--max-tokens", "1", "--receipt"] },
        { "--trace", ["generate", "{model}", "--ids", "1", "--max-tokens", "1", "--trace"] },
        { "--trace", ["train", "--data", "demo:", "--out", "{folder}/run", "--trace"] },
        { "--out", ["logits", "{model}", "--ids", "1", "--out"] },
        { "--out", ["attest", "{model}", "--key", "{folder}/key.pem", "--out"] },
        { "--out", ["report", "{folder}/run", "--out"] },
        { "--out", ["tokenizer", "train", "--data", "demo:", "--vocab-size", "256", "--out"] },
    };

    [Theory]
    [MemberData(nameof(Writers))]
    public void Every_verb_refuses_a_pipe_a_link_to_one_and_a_folder_that_is_not_there(string option, string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells pipes from files");
        string pipe = MakePipe("pipe.json"), link = _folder["link.json"];
        using FileStream reader = new(pipe, FileMode.Open, FileAccess.ReadWrite); // or who opens the pipe after all would wait for ever
        File.CreateSymbolicLink(link, "pipe.json");
        ExitCodeTests.AssertFailure(Run(arguments, pipe), 2, $"{option} {pipe} is a pipe: name a plain file");
        ExitCodeTests.AssertFailure(Run(arguments, link), 2, $"{option} {link}, which is {pipe}, is a pipe: name a plain file");
        Assert.Throws<IOException>(() => DiskFileSystem.Instance.Target(pipe));
        Assert.NotNull(new FileInfo(link).LinkTarget);
        string absent = Path.Combine(_folder["absent"], "x.json");
        ExitCodeTests.AssertFailure(Run(arguments, absent), 1, $"{option} {absent}: the folder {_folder["absent"]} does not exist");
        Assert.False(Directory.Exists(_folder["run"]), "a run was begun whose trace cannot be written");
    }

    [Fact]
    public void A_link_to_a_file_stays_and_its_file_is_replaced()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        string link = _folder["link"], target = Path.Combine(_folder["elsewhere"], "target");
        File.CreateSymbolicLink(link, Path.Combine("elsewhere", "target"));
        DurableFile.Write(DiskFileSystem.Instance, link, "new"u8); // the link led to nothing
        Assert.Equal("new", File.ReadAllText(target));
        foreach (string[] arguments in new string[][] { ["logits", "{model}", "--ids", "1", "--out"], ["generate", "{model}", "--ids", "1", "--max-tokens", "1", "--receipt"] })
        {
            File.WriteAllText(target, "old");
            IdemProcess.Outcome outcome = Run(arguments, link);
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Equal(Path.Combine("elsewhere", "target"), new FileInfo(link).LinkTarget);
            Assert.True(new FileInfo(target).Length > 3);
            Assert.Equal([target], Directory.GetFiles(_folder["elsewhere"]));
        }

        File.CreateSymbolicLink(_folder["circle"], "circle");
        ExitCodeTests.AssertFailure(Run(["logits", "{model}", "--ids", "1", "--out"], _folder["circle"]), 2, "leads to itself");
    }

    [Fact]
    public void DurableFile_replaces_no_pipe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells pipes from files");
        string pipe = MakePipe("pipe");
        Assert.Contains("is a pipe", Assert.Throws<IOException>(() => DurableFile.Write(DiskFileSystem.Instance, pipe, "x"u8)).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => DurableFile.Write(DiskFileSystem.Instance, _folder.Path, "x"u8)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => DiskFileSystem.Instance.Target("/dev/null"));
        Assert.Equal([pipe], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_write_that_fails_leaves_what_was_there_and_nothing_beside_it()
    {
        string file = _folder.Write("file", "old"u8.ToArray());
        Assert.Throws<IOException>(() => DurableFile.Write(DiskFileSystem.Instance, file, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path));
    }

    private string MakePipe(string name)
    {
        using Process process = Process.Start("mkfifo", [_folder[name]]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return _folder[name];
    }

    private IdemProcess.Outcome Run(string[] arguments, string file)
    {
        string model = Directory.Exists(_folder["model"]) ? _folder["model"] : TinyFolder.Write(_folder, "llama", "model");
        return IdemProcess.Run([.. arguments.Select(argument => argument
            .Replace("{model}", model, StringComparison.Ordinal).Replace("{folder}", _folder.Path, StringComparison.Ordinal)), file]);
    }
}
