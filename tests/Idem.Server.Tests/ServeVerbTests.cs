using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>The verb as a process: how it begins, how it ends, and what clients see when it is killed.</summary>
public sealed class ServeVerbTests : IDisposable
{
    private const string Request = """{"prompt":"the fox","seed":1,"max_tokens":20}""";

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ServeVerbTests() => _model = SmallModel.Write(_folder, SmallModel.Create());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ATermSignalDrainsAndEndsWithSuccess()
    {
        using ServerProcess server = ServerProcess.Start(_model);
        Task<string> running = PostAsync(server, """{"prompt":"a","n":128,"max_tokens":150,"seed":1}""");
        while ((int)JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/load", UriKind.Relative)))!["running"]! == 0)
        {
            await Task.Delay(5);
        }

        using (System.Diagnostics.Process kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{server.Process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        Assert.Equal(128, JsonNode.Parse(await running)!["choices"]!.AsArray().Count);
        Assert.True(server.Process.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, server.Process.ExitCode);
        Assert.Contains("stopping", await server.Process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKilledServerLeavesErrorsNotHalfAnswersAndAnswersTheSameAgain()
    {
        string receipt;
        using (ServerProcess first = ServerProcess.Start(_model))
        {
            receipt = (string)JsonNode.Parse(await PostAsync(first, Request))!["receipt_ids"]![0]!;
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"prompt":"a","n":64,"max_tokens":390,"stream":true}""", Encoding.UTF8, "application/json") };
            using HttpResponseMessage stream = await first.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Task<string>[] whole = [.. Enumerable.Range(0, 4).Select(_ => PostAsync(first, """{"prompt":"a","n":64,"max_tokens":390}"""))];
            while ((int)JsonNode.Parse(await first.Http.GetStringAsync(new Uri("/load", UriKind.Relative)))!["accepted"]! < 6)
            {
                await Task.Delay(5);
            }

            first.Process.Kill();
            foreach (Task<string> answer in whole)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => answer);
            }

            string parts = "";
            await Assert.ThrowsAnyAsync<Exception>(async () => parts = await stream.Content.ReadAsStringAsync());
            Assert.DoesNotContain("[DONE]", parts, StringComparison.Ordinal);
        }

        using ServerProcess second = ServerProcess.Start(_model, "--max-num-seqs", "3", "--threads", "1", "--simd", "128");
        Assert.Equal(receipt, (string)JsonNode.Parse(await PostAsync(second, Request))!["receipt_ids"]![0]!);
    }

    [Fact]
    public async Task TheModelsOwnSettingsAreToldAndLeftAsideOnDemand()
    {
        File.WriteAllText(Path.Combine(_model, "generation_config.json"), """{"do_sample": false, "max_new_tokens": 6}""");
        using (ServerProcess server = ServerProcess.Start(_model))
        {
            Assert.Equal("""{"temperature":0,"max_new_tokens":6}""", server.Announcement["generation_defaults"]!.ToJsonString());
            Assert.Equal(6, await TokensAsync(server));
        }

        using (ServerProcess server = ServerProcess.Start(_model, "--generation-config", "none"))
        {
            Assert.Equal("{}", server.Announcement["generation_defaults"]!.ToJsonString());
            Assert.Equal(16, await TokensAsync(server));
        }

        static async Task<int> TokensAsync(ServerProcess server) => (int)JsonNode.Parse(await PostAsync(server, """{"prompt":"the fox"}"""))!["usage"]!["completion_tokens"]!;
    }

    [Fact]
    public void WhatMakesNoSenseIsRefusedInOneLine()
    {
        Refused(2, "--host", "serve", _model, "--host", "example.org");
        Refused(2, "--port", "serve", _model, "--port", "70000");
        Refused(2, "--max-num-seqs", "serve", _model, "--max-num-seqs", "0");
        Refused(2, "--max-model-len", "serve", _model, "--max-model-len", "0");
        Refused(1, "nowhere", "serve", _folder["nowhere"]);
        File.WriteAllText(Path.Combine(_model, "generation_config.json"), """{"num_beams": 4}""");
        Refused(4, "num_beams is 4", "serve", _model);
        File.Delete(Path.Combine(_model, "generation_config.json"));
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        Refused(1, "use", "serve", _model, "--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}");

        static void Refused(int code, string word, params string[] arguments)
        {
            IdemProcess.Outcome outcome = IdemProcess.Run(arguments);
            Assert.True(outcome.ExitCode == code && outcome.Error.Contains(word, StringComparison.Ordinal) && outcome.Error.TrimEnd().Split('\n').Length == 1, outcome.ToString());
        }
    }

    private static async Task<string> PostAsync(ServerProcess server, string json)
    {
        using StringContent content = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await server.Http.PostAsync(new Uri("/v1/completions", UriKind.Relative), content);
        return await response.Content.ReadAsStringAsync();
    }
}
