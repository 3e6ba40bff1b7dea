using System.Text;
using Dpfah.Engine.Catalogue;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Http;

/// <summary>
/// The body of a request that carries pictures: <c>multipart/form-data</c> with the fields that the endpoint names, or the
/// picture's bytes alone under any other content type. File names and content types are not trusted and not looked at.
/// </summary>
internal sealed class PictureBody
{
    /// <summary>Most bytes of a field that is no picture.</summary>
    public const int MaxFieldBytes = 64 * 1024;

    /// <summary>Most fields beside as many pictures as the endpoint takes.</summary>
    public const int MaxOtherFields = 100;

    /// <summary>The pictures, in the order in which they were sent.</summary>
    public List<byte[]> Images { get; } = [];

    /// <summary>The field <c>id</c>.</summary>
    public string? Id { get; private set; }

    /// <summary>The fields <c>labels</c>, one label each.</summary>
    public List<string> Labels { get; } = [];

    /// <summary>The field <c>metadata</c>, checked and in stored form.</summary>
    public string? Metadata { get; private set; }

    /// <summary>Reads a body.</summary>
    /// <param name="request">The request; its size is bounded by the server.</param>
    /// <param name="fields">Names of the multipart fields that the endpoint takes beside <c>image</c>.</param>
    /// <param name="maxImages">Most pictures that the endpoint takes.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    /// <returns>The body, or the problem with it.</returns>
    public static async Task<(PictureBody Body, ProblemHttpResult? Problem)> ReadAsync(
        HttpRequest request, string[] fields, int maxImages, CancellationToken cancellationToken)
    {
        var body = new PictureBody();
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            byte[] bytes = await ReadAllAsync(request.Body, request.ContentLength, cancellationToken);
            if (bytes.Length > 0)
            {
                body.Images.Add(bytes);
            }

            return (body, null);
        }

        string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (boundary.Length is 0 or > 70)
        {
            return (body, Problems.BadBody("The content type multipart/form-data has no valid boundary."));
        }

        try
        {
            return (body, await body.ReadFieldsAsync(new MultipartReader(boundary, request.Body), fields, maxImages, cancellationToken));
        }
        catch (InvalidDataException error)
        {
            return (body, Problems.BadBody($"The multipart body is damaged: {error.Message.TrimEnd(' ', '.')}."));
        }
        catch (IOException error) when (error is not BadHttpRequestException)
        {
            return (body, Problems.BadBody("The multipart body is damaged: it ends before its last boundary."));
        }
    }

    private async Task<ProblemHttpResult?> ReadFieldsAsync(
        MultipartReader reader, string[] fields, int maxImages, CancellationToken cancellationToken)
    {
        int count = 0;
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (++count > maxImages + MaxOtherFields)
            {
                return Problems.BadBody($"The multipart body has more than {maxImages + MaxOtherFields} fields.");
            }

            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition))
            {
                return Problems.BadBody($"Field {count} of the multipart body has no Content-Disposition.");
            }

            string name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            if (name == "image")
            {
                if (Images.Count == maxImages)
                {
                    return Problems.BadParameter("image", $"The field 'image' was sent more than {maxImages} time(s).");
                }

                byte[] bytes = await ReadAllAsync(section.Body, null, cancellationToken);
                if (bytes.Length == 0)
                {
                    return Problems.BadParameter("image", "The field 'image' is empty: send the bytes of a picture.");
                }

                Images.Add(bytes);
                continue;
            }

            if (!fields.Contains(name, StringComparer.Ordinal))
            {
                return Problems.BadParameter(
                    name, $"There is no field '{name}' here. Known: {string.Join(", ", fields.Prepend("image"))}.");
            }

            if (await ReadTextAsync(section.Body, cancellationToken) is not { } text)
            {
                return Problems.BadParameter(name, $"The field '{name}' is text in UTF-8 of at most {MaxFieldBytes} bytes.");
            }

            if (Accept(name, text) is { } problem)
            {
                return problem;
            }
        }

        return CatalogueRules.CheckLabels(Labels) is { } wrong ? Problems.BadParameter("labels", wrong) : null;
    }

    private ProblemHttpResult? Accept(string name, string text)
    {
        switch (name)
        {
            case "labels":
                Labels.Add(text);
                return null;
            case "id" when Id is null:
                Id = text;
                return CatalogueRules.CheckId(text) is { } wrongId ? Problems.BadParameter("id", wrongId) : null;
            case "metadata" when Metadata is null:
                string? wrong = CatalogueRules.CheckMetadata(text, out string? canonical);
                Metadata = canonical;
                return wrong is null ? null : Problems.BadParameter("metadata", wrong);
            default:
                return Problems.BadParameter(name, $"The field '{name}' was sent twice.");
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream, long? length, CancellationToken cancellationToken)
    {
        // The declared length is only a hint for the buffer: nothing is taken that did not arrive.
        using var buffer = new MemoryStream((int)Math.Clamp(length ?? 0, 0, 1 << 20));
        await stream.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    private static async Task<string?> ReadTextAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxFieldBytes + 1];
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxFieldBytes)
        {
            return null;
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
