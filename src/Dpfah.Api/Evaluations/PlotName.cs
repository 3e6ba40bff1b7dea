using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Evaluations;

/// <summary>Names of figures: a kind, and an extension that says in which form.</summary>
internal static class PlotName
{
    /// <summary>The kinds that there are.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["pr", "precision-at-n", "tsne", "top10", "training"];

    private static readonly (string Extension, string ContentType)[] Forms =
        [(".json", "application/json"), (".svg", "image/svg+xml"), (".png", "image/png")];

    /// <summary>The file that is meant.</summary>
    /// <param name="name">The name in the path, with an extension or without.</param>
    /// <param name="accept">The Accept header, which chooses the form where the name does not: JSON unless pictures are preferred.</param>
    /// <returns>Null when no figure has such a name.</returns>
    public static string? Resolve(string name, IList<MediaTypeHeaderValue> accept)
    {
        if (Kinds.Contains(name))
        {
            return name + FormOf(accept);
        }

        return Forms.Any(form => name.EndsWith(form.Extension, StringComparison.Ordinal)) && Kinds.Contains(Path.GetFileNameWithoutExtension(name))
            ? name
            : null;
    }

    /// <summary>The content type of a figure's file.</summary>
    public static string ContentTypeOf(string name) => Forms.First(form => name.EndsWith(form.Extension, StringComparison.Ordinal)).ContentType;

    private static string FormOf(IList<MediaTypeHeaderValue> accept)
    {
        foreach (MediaTypeHeaderValue wanted in accept.OrderByDescending(type => type.Quality ?? 1))
        {
            if (wanted.Type == "image" && wanted.MatchesAllSubTypes)
            {
                return ".svg";
            }

            if (!wanted.MatchesAllTypes && Forms.FirstOrDefault(form => wanted.MediaType == form.ContentType).Extension is { } found)
            {
                return found;
            }
        }

        return Forms[0].Extension;
    }
}
