using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary><c>dpfah encode FILE…</c>: prints the code and the signature of each picture, in the order of the files.</summary>
internal static class EncodeCommand
{
    private static readonly JsonSerializerOptions JsonLine = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // Names of files stay readable; the lines go to a terminal or a parser, not into a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(AddEncoding addEncoding)
    {
        var files = new Argument<string[]>("FILE") { Description = "Pictures to hash.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "One JSON object a line, failures too, instead of: code, signature, file." };
        var command = new Command("encode", "Prints the binary code and the signature of pictures.") { files, json };
        var encoder = new EncoderArguments(command, choosesModel: true);
        files.Validators.Add(result => Misspelling.RefuseOptions(result, command));
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(files), parsed.GetValue(json), encoder.Read(parsed), addEncoding, parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string[] files,
        bool json,
        EncoderSettings settings,
        AddEncoding addEncoding,
        InvocationConfiguration console,
        CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        addEncoding(services, settings);
        await using ServiceProvider provider = services.BuildServiceProvider();
        await using PictureHasher hasher = await TerminalProgress.RunAsync(
            console.Error, wanted: settings.Model is null, progress => PictureHasher.OpenAsync(provider, settings, progress, cancellationToken));

        // Codes on the terminal are progress enough, and a bar would be drawn over them.
        bool wanted = !TerminalProgress.IsTerminal(console.Output);
        return await TerminalProgress.RunAsync(console.Error, wanted, async progress =>
        {
            (int done, int failed) = (0, 0);
            await foreach (HashedFile file in hasher.HashAsync(files, cancellationToken))
            {
                if (json)
                {
                    console.Output.WriteLine(JsonSerializer.Serialize(file, JsonLine));
                }
                else if (file.Error is null)
                {
                    console.Output.WriteLine($"{file.Code}  {file.Signature}  {file.File}");
                }
                else
                {
                    progress.WriteLine($"dpfah: {file.File}: {file.Detail}");
                }

                failed += file.Error is null ? 0 : 1;
                progress.Report(("Encoding", (double)++done / files.Length));
            }

            return failed == 0 ? ExitCode.Success : ExitCode.Failure;
        });
    }
}
