using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using SkiaSharp;

namespace Dpfah.FunctionalTests.Readme;

/// <summary>The README's first command as a newcomer runs it: the real network, the demo's pictures, a terminal, curl.</summary>
public sealed partial class DemoTests : IDisposable
{
    private static readonly TimeSpan FirstStart = TimeSpan.FromMinutes(8);

    // The promise is 10 s on an idle machine.
    private static readonly TimeSpan SecondStart = TimeSpan.FromSeconds(100);

    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task The_demo_fills_itself_once_finds_its_pictures_and_keeps_its_memory()
    {
        await using (ServiceProcess service = Start())
        {
            await service.WaitForLineAsync("curl -F image=@data/demo/", FirstStart);
            Assert.Contains("Indexed 4,000 pictures.", service.Log, StringComparison.Ordinal);
            AssertComparison(service.Log);
            using var client = new HttpClient { BaseAddress = service.BaseAddress };
            await AssertModelsAsync(client);
            await AssertSelfRetrievalAsync(client);
            await AssertOneCodeThroughEveryDoorAsync(client);
            await AssertReadmeExamplesAsync(service.BaseAddress);
            await AssertMemoryAsync(client, service);
            Assert.Equal(0, await service.TerminateAsync());
        }

        await using (ServiceProcess again = Start())
        {
            await again.WaitForLineAsync("curl -F image=@data/demo/", SecondStart);
            Assert.Contains("All pictures of the demo were there already.", again.Log, StringComparison.Ordinal);
            AssertComparison(again.Log);
            using var client = new HttpClient { BaseAddress = again.BaseAddress };
            foreach (string name in new[] { "default", "itq" })
            {
                JsonElement collection = await client.GetFromJsonAsync<JsonElement>($"/collections/{name}");
                Assert.Equal(2000, collection.GetProperty("pictures").GetInt32());
            }

            Assert.Equal(0, await again.TerminateAsync());
        }
    }

    public void Dispose() => folder.Dispose();

    private ServiceProcess Start() => ServiceProcess.StartHost(Program("Dpfah.Api"), ["--demo"], workingFolder: folder.Path);

    private static string Program(string name)
    {
        // Beside this test's own output, in the same configuration: …/tests/X/bin/CONFIGURATION/net10.0[/RID]/
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string root = Repository.PathOf($"src/Dpfah.Api/bin/{configuration}/net10.0");
        return Directory.EnumerateFiles(root, name + ".dll", SearchOption.AllDirectories).First(path => !path.Contains("/ref", StringComparison.Ordinal));
    }

    /// <summary>The demo's own words: DPFAH finds pictures of the query's class more often than ITQ, by a clear margin.</summary>
    private static void AssertComparison(string log)
    {
        Match line = Comparison().Match(log);
        Assert.True(line.Success, log);
        double[] figures = [.. line.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture))];
        Assert.True(figures[0] >= figures[1] + 0.1, line.Value);
        Assert.True(figures[2] >= figures[3] + 0.2, line.Value);
    }

    private static async Task AssertModelsAsync(HttpClient client)
    {
        JsonElement[] models = [.. (await client.GetFromJsonAsync<JsonElement>("/models")).GetProperty("items").EnumerateArray()];
        Assert.Equal(
            ["itq-64 ITQ False itq", "dpfah-fashion-mnist-64 DPFAH True default"],
            models.Select(m => $"{m.GetProperty("name")} {m.GetProperty("title")} {m.GetProperty("attention")} {m.GetProperty("collections")[0]}"));
        Assert.Equal("dpfah", models[1].GetProperty("method").GetString());
        JsonElement collection = await client.GetFromJsonAsync<JsonElement>("/collections/default");
        Assert.Equal("dpfah-fashion-mnist-64", collection.GetProperty("generation").GetProperty("model").GetString());
    }

    /// <summary>Unchanged, each picture finds itself first; enlarged and compressed anew, nearly always among ten.</summary>
    private static async Task AssertSelfRetrievalAsync(HttpClient client)
    {
        IReadOnlyList<SamplePicture> sample = FashionSample.ReadDatabase();
        (int first, int amongTen, int amongTenByItq) = (0, 0, 0);
        SamplePicture[] chosen = [.. Enumerable.Range(0, 200).Select(i => sample[i * sample.Count / 200])];
        foreach (SamplePicture picture in chosen)
        {
            JsonElement[] hits = await SearchAsync(client, picture.Bytes, 1);
            first += hits[0].GetProperty("id").GetString() == picture.Id && hits[0].GetProperty("distance").GetInt32() == 0 ? 1 : 0;
            hits = await SearchAsync(client, Enlarge(picture.Bytes, 256, 80), 10);
            amongTen += hits.Any(hit => hit.GetProperty("id").GetString() == picture.Id) ? 1 : 0;
            hits = await SearchAsync(client, Enlarge(picture.Bytes, 256, 80), 10, "itq");
            amongTenByItq += hits.Any(hit => hit.GetProperty("id").GetString() == picture.Id) ? 1 : 0;
        }

        Counts.Report("self-first", first, chosen.Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"Enlarged among ten: {amongTen} by DPFAH, {amongTenByItq} by ITQ.");
        Assert.True(amongTenByItq >= chosen.Length * 9 / 10, $"Only {amongTenByItq} of {chosen.Length} enlarged pictures find themselves among ten.");
    }

    /// <summary>Stored by an upload among many, sent alone to search, and hashed by the terminal program: one code.</summary>
    private async Task AssertOneCodeThroughEveryDoorAsync(HttpClient client)
    {
        SamplePicture[] pictures = [.. FashionSample.ReadDatabase().Take(32)];
        string[] files = [.. pictures.Select((picture, i) =>
        {
            string file = folder[$"door-{i}.png"];
            File.WriteAllBytes(file, picture.Bytes);
            return file;
        })];
        string lines = await Command.RunAsync(folder.Path, "dotnet", [Program("dpfah"), "encode", "--json", "--model", FashionModel.Files.HeadPath, "--backbone", FashionModel.Files.BackbonePath, .. files]);
        string[] encoded = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).Select(e => $"{e.GetProperty("code")} {e.GetProperty("signature")}")];
        for (int i = 0; i < pictures.Length; i++)
        {
            JsonElement stored = await client.GetFromJsonAsync<JsonElement>($"/collections/default/images/{Uri.EscapeDataString(pictures[i].Id)}");
            using HttpResponseMessage response = await client.PostAsync("/search?k=1", new ByteArrayContent(pictures[i].Bytes));
            JsonElement query = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("query");
            Assert.Equal(encoded[i], $"{stored.GetProperty("code")} {stored.GetProperty("signature")}");
            Assert.Equal(encoded[i], $"{query.GetProperty("code")} {query.GetProperty("signature")}");
        }

        string table = await Command.RunAsync(folder.Path, "dotnet", Program("dpfah"), "search", files[0], "-k", "3");
        Assert.Contains(pictures[0].Id, table, StringComparison.Ordinal);
        Assert.Contains("2,000 pictures in 'default'", table, StringComparison.Ordinal);
    }

    private async Task AssertReadmeExamplesAsync(Uri address)
    {
        IReadOnlyList<string> commands = ReadmeExamples.Read(address);
        Assert.Equal(8, commands.Count);
        var answers = new List<JsonElement>();
        foreach (string command in commands)
        {
            // --fail-with-body: a status of 400 or more is a failure of the command.
            string output = await Command.RunAsync(folder.Path, "bash", "-c", command.Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal));
            answers.Add(output.Length == 0 ? default : JsonDocument.Parse(output).RootElement);
        }

        JsonElement search = answers[0];
        Assert.Equal("default", search.GetProperty("collection").GetString());
        Assert.Equal(64, search.GetProperty("generation").GetProperty("bits").GetInt32());
        Assert.Equal(5, search.GetProperty("hits").GetArrayLength());
        Assert.Equal("sneaker", search.GetProperty("hits")[0].GetProperty("labels")[0].GetString());
        Assert.True(search.GetProperty("ranking").GetProperty("tiedAtCut").GetInt64() >= 1);
        Assert.NotNull(search.GetProperty("nextCursor").GetString());
        Assert.Equal("mine", answers[1].GetProperty("name").GetString());
        Assert.Equal("shoes/1.png", answers[2].GetProperty("id").GetString());
        Assert.Matches(@"^\d+:\d+$", answers[2].GetProperty("position").GetString());
        Assert.Equal("shoes/1.png", answers[3].GetProperty("hits")[0].GetProperty("id").GetString());
        Assert.Equal(0, answers[3].GetProperty("hits")[0].GetProperty("distance").GetInt32());
        Assert.Equal("shoes/1.png", Assert.Single(answers[4].GetProperty("hits").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(10, answers[5].GetProperty("hits").GetArrayLength());
        Assert.Equal("ready", answers[6].GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Undefined, answers[7].ValueKind);
    }

    /// <summary>1,000 pictures, each another, leave the resident memory where 200 others had brought it.</summary>
    private static async Task AssertMemoryAsync(HttpClient client, ServiceProcess service)
    {
        IReadOnlyList<SamplePicture> sample = FashionSample.ReadDatabase();
        int answered = 0;
        await SendAsync(0, 200);
        long before = service.ResidentBytes;
        await SendAsync(200, 1000);
        long after = service.ResidentBytes;
        Assert.True(after <= before * 1.05, $"The service grew from {before / 1e6:0} MB to {after / 1e6:0} MB over 1,000 pictures.");
        Counts.Report("memory-pictures", answered - 200, 1000);

        Task SendAsync(int first, int count) => Parallel.ForAsync(
            first,
            first + count,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (i, _) =>
            {
                await SearchAsync(client, Enlarge(sample[i % sample.Count].Bytes, 100 + (i % 400), 60 + (i % 36)), 10);
                Interlocked.Increment(ref answered);
            });
    }

    private static async Task<JsonElement[]> SearchAsync(HttpClient client, byte[] picture, int k, string collection = "default")
    {
        using HttpResponseMessage response = await client.PostAsync($"/search?k={k}&collection={collection}", new ByteArrayContent(picture));
        response.EnsureSuccessStatusCode();
        return [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("hits").EnumerateArray()];
    }

    [GeneratedRegex(@"P@10: DPFAH ([0-9.]+), ITQ ([0-9.]+)\. mAP: DPFAH ([0-9.]+), ITQ ([0-9.]+)\.")]
    private static partial Regex Comparison();

    private static byte[] Enlarge(byte[] png, int side, int quality)
    {
        using SKBitmap bitmap = SKBitmap.Decode(png);
        using SKBitmap large = bitmap.Resize(new SKImageInfo(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque), new SKSamplingOptions(SKCubicResampler.Mitchell));
        using SKData jpeg = large.Encode(SKEncodedImageFormat.Jpeg, quality);
        return jpeg.ToArray();
    }
}
