using System.Runtime.InteropServices;
using System.Text.Json;
using Dpfah.Learning.Models;

namespace Dpfah.Learning.Reproduction;

/// <summary>The costs of the attention modules, and where and when they were measured.</summary>
/// <param name="Machine">Processor and number of cores; null in files that do not tell.</param>
/// <param name="Date">When; null in files that do not tell.</param>
/// <param name="Modules">The costs.</param>
internal sealed record AttentionCosts(string? Machine, DateOnly? Date, IReadOnlyList<AttentionCost> Modules)
{
    /// <summary>Name of the file in the folder of a reproduction.</summary>
    public const string FileName = "attention-cost.json";

    /// <summary>The costs as a file has them, or measured and written there.</summary>
    /// <param name="path">The file, JSON; where it is missing they are measured.</param>
    /// <param name="anew">Whether to measure them although there is a file.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static AttentionCosts ReadOrMeasure(string path, bool anew)
    {
        if (File.Exists(path) && !anew)
        {
            return Read(path);
        }

        var costs = new AttentionCosts(ThisMachine(), DateOnly.FromDateTime(DateTime.UtcNow), AttentionCost.Measure());
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, costs, JsonSerializerOptions.Web));
        return costs;
    }

    private static AttentionCosts Read(string path)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllText(path));
            return (file.RootElement.ValueKind == JsonValueKind.Array
                    ? new AttentionCosts(null, null, file.Deserialize<AttentionCost[]>(JsonSerializerOptions.Web)!) // as first written
                    : file.Deserialize<AttentionCosts>(JsonSerializerOptions.Web))
                ?? throw new InvalidDataException($"'{path}' is null: remove it, and the costs are measured anew.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"'{path}' is damaged: {error.Message} Remove it, and the costs are measured anew.", error);
        }
    }

    private static string ThisMachine()
    {
        const string cpus = "/proc/cpuinfo";
        string? model = File.Exists(cpus)
            ? File.ReadLines(cpus).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim()
            : null;
        return $"{model ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores";
    }
}
