using System.Text.Json;

namespace Dpfah.Learning.Tests;

/// <summary>Numbers that another program computed, committed beside the tests that read them.</summary>
internal static class ReferenceFile
{
    /// <param name="path">Path inside this project; the file is copied to the output folder.</param>
    public static JsonElement Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, path)));
        return document.RootElement.Clone();
    }
}
