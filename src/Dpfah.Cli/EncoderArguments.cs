using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Dpfah.Core.Models;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;

namespace Dpfah.Cli;

/// <summary>The options of every command that hashes pictures.</summary>
internal sealed partial class EncoderArguments
{
    private const int MaxThreads = 256;

    private readonly Option<FileInfo> model = new Option<FileInfo>("--model")
    {
        Description = "Head of the model, a safetensors file; without it the first model is used, as by a new service.",
        HelpName = "HEAD.safetensors",
    }.AcceptExistingOnly();

    private readonly Option<FileInfo> backbone = new Option<FileInfo>("--backbone")
    {
        Description = "Backbone of the model, a safetensors file; goes with --model.",
        HelpName = "FILE.safetensors",
    }.AcceptExistingOnly();

    private readonly Option<string> data = new("--data")
    {
        Description = "Folder of the service: models, and the database where it is SQLite.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "data",
    };

    private readonly Option<string> device = new("--device")
    {
        Description = "Where the network computes: auto, cpu, cuda or cuda:n.",
        HelpName = "DEVICE",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string> decoder = new("--decoder")
    {
        Description = "What decodes pictures.",
        DefaultValueFactory = _ => ImageDecoders.Skia,
    };

    private readonly Option<string> precision = new("--precision")
    {
        Description = "In which numbers the network computes; another precision flips some bits of codes.",
        DefaultValueFactory = _ => NetworkPrecision.Single.Name(),
    };

    private readonly Option<int> threads = new("--threads")
    {
        Description = "Threads that one operation of the network may use.",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
        CustomParser = ParseThreads,
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="choosesModel">Whether files can name the model; otherwise the database does.</param>
    public EncoderArguments(Command command, bool choosesModel)
    {
        decoder.AcceptOnlyFromAmong([.. ImageDecoders.Names]);
        precision.AcceptOnlyFromAmong([.. NetworkPrecisions.Names]);
        device.Validators.Add(result => Require(
            result, DeviceName().IsMatch(result.GetValueOrDefault<string>() ?? ""), "--device must be auto, cpu, cuda or cuda:n."));
        if (choosesModel)
        {
            command.Add(model);
            command.Add(backbone);
            command.Validators.Add(result => Require(
                result, result.GetResult(model) is null == result.GetResult(backbone) is null, "--model and --backbone go together."));
        }

        foreach (Option option in new Option[] { data, device, decoder, precision, threads })
        {
            command.Add(option);
        }
    }

    public EncoderSettings Read(ParseResult parsed)
    {
        (FileInfo? head, FileInfo? trunk) = (parsed.GetValue(model), parsed.GetValue(backbone));
        return new EncoderSettings(
            head is null || trunk is null ? null : new ModelFiles(trunk.FullName, head.FullName),
            parsed.GetRequiredValue(data),
            parsed.GetRequiredValue(device),
            parsed.GetRequiredValue(decoder),
            parsed.GetRequiredValue(precision),
            parsed.GetRequiredValue(threads));
    }

    private static int ParseThreads(ArgumentResult result)
    {
        bool valid = int.TryParse(result.Tokens[0].Value, out int count) && count is >= 1 and <= MaxThreads;
        Require(result, valid, $"--threads must be a whole number from 1 to {MaxThreads}.");
        return count;
    }

    private static void Require(SymbolResult result, bool condition, string message)
    {
        if (!condition)
        {
            result.AddError(message);
        }
    }

    [GeneratedRegex(@"\A(auto|cpu|cuda(:[0-9]{1,3})?)\z")]
    private static partial Regex DeviceName();
}
