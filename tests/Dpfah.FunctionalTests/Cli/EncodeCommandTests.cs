using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.FunctionalTests.Cli;

public sealed class EncodeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Codes_are_printed_one_a_line_in_the_order_of_the_files()
    {
        // More files than are hashed at a time.
        string[] files = [.. FashionSample.ReadDatabase().Take(40).Select((p, i) => Write($"{i}.png", p.Bytes))];
        CliRun run = await Encode(files);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(files.Select(file => $"{Signature(file)[..2]}{new string('0', 14)}  {Signature(file)}  {file}"), run.Lines);
    }

    [Fact]
    public async Task Json_gives_one_object_a_line_for_codes_and_failures()
    {
        string picture = Write("Größe 1.png", FashionSample.ReadDatabase()[0].Bytes);
        string text = Write("cat.jpg", "not a picture"u8.ToArray());
        CliRun run = await Encode(picture, text, "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Equal(2, run.Lines.Length);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["file"] = picture,
                ["code"] = Signature(picture)[..2] + new string('0', 14),
                ["signature"] = Signature(picture),
            },
            JsonSerializer.Deserialize<Dictionary<string, string>>(run.Lines[0]));
        Dictionary<string, string> failure = JsonSerializer.Deserialize<Dictionary<string, string>>(run.Lines[1])!;
        Assert.Equal(["detail", "error", "file"], failure.Keys.Order());
        Assert.Equal((text, "notAnImage"), (failure["file"], failure["error"]));
        Assert.Contains("Größe 1.png", run.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_fails_is_named_and_the_others_are_printed()
    {
        byte[] sound = FashionSample.ReadDatabase()[1].Bytes;
        string first = Write("first.png", sound);
        string truncated = Write("truncated.png", sound[..^20]);
        string last = Write("last.png", sound);
        CliRun run = await Encode(first, folder["missing.png"], truncated, folder.Path, last);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal([first, last], run.Lines.Select(line => line.Split("  ")[2]));
        string[] errors = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, errors.Length);
        Assert.All(
            errors.Zip([folder["missing.png"], truncated, folder.Path]), pair => Assert.StartsWith($"dpfah: {pair.Second}: ", pair.First, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_is_given_is_used_in_place_of_the_first()
    {
        string file = Write("a.png", FashionSample.ReadDatabase()[0].Bytes);
        Assert.Equal(0, (await Encode(file)).ExitCode);
        string[] model = [folder["data/first-model/head.safetensors"], folder["data/first-model/backbone.safetensors"]];
        Assert.All(model, path => Assert.True(File.Exists(path)));

        CliRun run = await CliRun.Of("encode", file, "--model", model[0], "--backbone", model[1], "--data", folder["other"], "--decoder", "imagesharp");
        Assert.Equal(0, run.ExitCode);
        Assert.False(Directory.Exists(folder["other"]));
    }

    [Fact]
    public async Task A_model_that_cannot_be_made_is_a_failure_with_a_sentence()
    {
        string file = Write("data", [1]);
        CliRun run = await Encode(file);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("dpfah: The model cannot be loaded: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_may_have_a_name_that_begins_with_an_at_sign()
    {
        string name = "@2x.png";
        CliRun run = await Encode(name);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("dpfah: @2x.png: Could not find file", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_stopped_ends_with_130()
    {
        CliRun run = await CliRun.Of(["encode", "a.png", "--data", folder["data"]], new CancellationToken(canceled: true));
        Assert.Equal(new CliRun(130, "", ""), run);
    }

    private Task<CliRun> Encode(params string[] arguments) =>
        CliRun.Of(["encode", "--data", folder["data"], "--decoder", "imagesharp", .. arguments]);

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(folder[name], bytes);
        return folder[name];
    }

    // The encoder of the tests takes SHA-256 of the preview.
    private static string Signature(string file)
    {
        Preview preview = new PreviewMaker(ImageDecoders.Create("imagesharp")).Make(File.ReadAllBytes(file)).Preview!;
        return Convert.ToHexStringLower(SHA256.HashData(preview.Jpeg));
    }
}
