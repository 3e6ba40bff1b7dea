using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Feedback : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "feedback",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    collection_id = table.Column<int>(type: "INTEGER", nullable: false),
                    generation_id = table.Column<int>(type: "INTEGER", nullable: false),
                    query_item = table.Column<long>(type: "INTEGER", nullable: true),
                    query_code = table.Column<byte[]>(type: "BLOB", nullable: true),
                    query_signature = table.Column<byte[]>(type: "BLOB", nullable: true),
                    item_number = table.Column<long>(type: "INTEGER", nullable: false),
                    is_right = table.Column<bool>(type: "INTEGER", nullable: false),
                    not_duplicate = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_feedback", x => x.id);
                    table.ForeignKey(
                        name: "FK_feedback_items_item_number",
                        column: x => x.item_number,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_feedback_items_query_item",
                        column: x => x.query_item,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_feedback_collection_id_id",
                table: "feedback",
                columns: new[] { "collection_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_feedback_item_number_query_code_query_signature",
                table: "feedback",
                columns: new[] { "item_number", "query_code", "query_signature" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_feedback_query_item_item_number",
                table: "feedback",
                columns: new[] { "query_item", "item_number" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "feedback");
        }
    }
}
